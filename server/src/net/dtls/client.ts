/**
 * The client's side (RFC 5246 §7.3, RFC 6347 §4.2.4).
 *
 *   ClientHello ▶                                   ◀ HelloVerifyRequest (some servers), then ClientHello again
 *                                                   ◀ ServerHello, Certificate, ServerKeyExchange, CertificateRequest, Done
 *   Certificate, ClientKeyExchange, CertificateVerify, [ChangeCipherSpec], Finished ▶
 *                                                   ◀ [ChangeCipherSpec], Finished
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
  encodeCertificate,
  encodeCertificateVerify,
  encodeClientHello,
  encodeClientKeyExchange,
  HANDSHAKE,
  parseCertificate,
  parseHelloVerifyRequest,
  parseServerHello,
  parseServerKeyExchange,
  RANDOM_BYTES,
  type ServerHello,
} from './messages.ts';
import { createSignature, verifySignature } from './signature.ts';

export function createClientHandshake(context: HandshakeContext): Handshake {
  const { flight, certificate, srtpProfiles } = context;
  const random = randomBytes(RANDOM_BYTES);
  let cookieSeen = false;
  let hello: ServerHello | undefined;
  let peerCertificate: Buffer | undefined;
  let peerKey: Buffer | undefined;
  let certificateRequested = false;
  let master: KeyObject | undefined;

  const sendHello = (cookie: Buffer): void => {
    flight.begin();
    flight.add(HANDSHAKE.clientHello, encodeClientHello({ random, cookie, srtpProfiles }));
    flight.send();
  };

  const takeHello = (body: Buffer): void => {
    hello = parseServerHello(body);
    if (hello.suite !== CIPHER_SUITES.ecdsa && hello.suite !== CIPHER_SUITES.rsa)
      throw failed('the peer chose a cipher suite that was not offered');
    if (hello.srtpProfile === undefined || !srtpProfiles.includes(hello.srtpProfile))
      throw failed('the peer has no SRTP profile of ours');
  };

  const takeKey = (body: Buffer): void => {
    const exchange = parseServerKeyExchange(body);
    const signed = Buffer.concat([random, hello!.random, exchange.parameters]);
    if (!verifySignature(peerCertificate!, exchange.scheme, signed, exchange.signature))
      throw failed('the peer does not have the key of its certificate');
    peerKey = exchange.publicKey;
  };

  const answer = (): void => {
    const { extendedMasterSecret, random: serverRandom } = hello!;
    const ecdh = ephemeralKey();
    flight.begin();
    if (certificateRequested) flight.add(HANDSHAKE.certificate, encodeCertificate(certificate.der));
    flight.add(HANDSHAKE.clientKeyExchange, encodeClientKeyExchange(ecdh.getPublicKey()));
    const randoms = { client: random, server: serverRandom };
    const transcript = extendedMasterSecret ? flight.transcript : undefined;
    master = masterSecret(sharedSecret(ecdh, peerKey!), randoms, transcript);
    if (certificateRequested) {
      const { scheme, signature } = createSignature(certificate.privateKey, flight.transcript);
      flight.add(HANDSHAKE.certificateVerify, encodeCertificateVerify(scheme, signature));
    }
    context.install(master, randoms);
    flight.addChangeCipherSpec();
    flight.add(HANDSHAKE.finished, verifyData(master, 'client', flight.transcript), 1);
    flight.send();
  };

  return {
    start: () => sendHello(Buffer.alloc(0)),
    onMessage(type, body) {
      if (type === HANDSHAKE.helloVerifyRequest && !cookieSeen && !hello) {
        cookieSeen = true;
        flight.forgetTranscript();
        sendHello(parseHelloVerifyRequest(body));
      } else if (type === HANDSHAKE.serverHello && !hello) takeHello(body);
      else if (type === HANDSHAKE.certificate && hello && !peerCertificate)
        peerCertificate = trusted(parseCertificate(body), context);
      else if (type === HANDSHAKE.serverKeyExchange && peerCertificate && !peerKey) takeKey(body);
      else if (type === HANDSHAKE.certificateRequest && peerKey && !master) certificateRequested = true;
      else if (type === HANDSHAKE.serverHelloDone && peerKey && !master) answer();
      else if (type === HANDSHAKE.finished && master) {
        const expected = verifyData(master, 'server', flight.transcript);
        if (body.length !== expected.length || !timingSafeEqual(body, expected))
          throw failed('the handshake was changed on its way');
        flight.settle();
        context.established(hello!.srtpProfile!);
      } else throw failed(`handshake message ${type} out of order`);
    },
  };
}
