/**
 * The server's side (RFC 5246 §7.3), without HelloVerifyRequest: ICE has proved the client's address.
 *
 *   ◀ ClientHello
 *     ServerHello, Certificate, ServerKeyExchange, CertificateRequest, Done ▶
 *   ◀ Certificate, ClientKeyExchange, CertificateVerify, [ChangeCipherSpec], Finished
 *     [ChangeCipherSpec], Finished ▶
 */
import { type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto';
import {
  ephemeralKey,
  failed,
  type Handshake,
  type HandshakeContext,
  sharedSecret,
  trusted,
} from './handshake.ts';
import { masterSecret, verifyData } from './keys.ts';
import {
  CIPHER_SUITES,
  type ClientHello,
  CURVE_P256,
  encodeCertificate,
  encodeCertificateRequest,
  encodeServerHello,
  encodeServerKeyExchange,
  HANDSHAKE,
  keyExchangeParameters,
  parseCertificate,
  parseCertificateVerify,
  parseClientHello,
  parseClientKeyExchange,
  RANDOM_BYTES,
} from './messages.ts';
import { createSignature, verifySignature } from './signature.ts';

export function createServerHandshake(context: HandshakeContext): Handshake {
  const { flight, certificate } = context;
  const random = randomBytes(RANDOM_BYTES);
  const ecdh = ephemeralKey();
  let hello: ClientHello | undefined;
  let srtpProfile = 0;
  let peerCertificate: Buffer | undefined;
  let master: KeyObject | undefined;
  let proved = false;

  const takeHello = (body: Buffer): void => {
    hello = parseClientHello(body);
    const { suites, curves, srtpProfiles, extendedMasterSecret } = hello;
    if (!suites.includes(CIPHER_SUITES.ecdsa) || !curves.includes(CURVE_P256))
      throw failed('the peer has no cipher suite of ours');
    const profile = context.srtpProfiles.find((candidate) => srtpProfiles.includes(candidate));
    if (profile === undefined) throw failed('the peer has no SRTP profile of ours');
    srtpProfile = profile;
    const parameters = keyExchangeParameters(ecdh.getPublicKey());
    const signed = Buffer.concat([hello.random, random, parameters]);
    const { scheme, signature } = createSignature(certificate.privateKey, signed);
    flight.begin();
    flight.add(
      HANDSHAKE.serverHello,
      encodeServerHello({ random, suite: CIPHER_SUITES.ecdsa, srtpProfile, extendedMasterSecret }),
    );
    flight.add(HANDSHAKE.certificate, encodeCertificate(certificate.der));
    flight.add(HANDSHAKE.serverKeyExchange, encodeServerKeyExchange(parameters, scheme, signature));
    flight.add(HANDSHAKE.certificateRequest, encodeCertificateRequest());
    flight.add(HANDSHAKE.serverHelloDone, Buffer.alloc(0));
    flight.send();
  };

  const takeKey = (body: Buffer): void => {
    const randoms = { client: hello!.random, server: random };
    const transcript = hello!.extendedMasterSecret ? flight.transcript : undefined;
    master = masterSecret(sharedSecret(ecdh, parseClientKeyExchange(body)), randoms, transcript);
    context.install(master, randoms);
  };

  const takeProof = (body: Buffer): void => {
    const { scheme, signature } = parseCertificateVerify(body);
    if (!verifySignature(peerCertificate!, scheme, flight.transcript, signature))
      throw failed('the peer does not have the key of its certificate');
    proved = true;
  };

  const finish = (body: Buffer): void => {
    const expected = verifyData(master!, 'client', flight.transcript);
    if (body.length !== expected.length || !timingSafeEqual(body, expected))
      throw failed('the handshake was changed on its way');
  };

  return {
    start: () => {},
    onMessage(type, body) {
      if (type === HANDSHAKE.clientHello && !hello) takeHello(body);
      else if (type === HANDSHAKE.certificate && hello && !peerCertificate)
        peerCertificate = trusted(parseCertificate(body), context);
      else if (type === HANDSHAKE.clientKeyExchange && peerCertificate && !master) takeKey(body);
      else if (type === HANDSHAKE.certificateVerify && master && !proved) takeProof(body);
      else if (type === HANDSHAKE.finished && proved) finish(body);
      else throw failed(`handshake message ${type} out of order`);
    },
    onDelivered(type) {
      if (type !== HANDSHAKE.finished) return;
      flight.begin();
      flight.addChangeCipherSpec();
      flight.add(HANDSHAKE.finished, verifyData(master!, 'server', flight.transcript), 1);
      flight.send(true);
      context.established(srtpProfile);
    },
  };
}
