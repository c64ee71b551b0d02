/** What peers of WebRTC send before anybody knows who they are: offers, STUN, RFC 4571 frames, TURN, DTLS; and SRTP. */
import assert from 'node:assert/strict';
import { createSecretKey } from 'node:crypto';
import { test } from 'node:test';
import { StreamError } from '../../server/src/core/errors.ts';
import { formatAnswer } from '../../server/src/formats/webrtc/answer.ts';
import { parseDescription } from '../../server/src/formats/webrtc/description.ts';
import { acceptsOf, microphoneMedia, sendingMedias } from '../../server/src/formats/webrtc/negotiation.ts';
import { createCertificate } from '../../server/src/net/dtls/certificate.ts';
import { DtlsConnection } from '../../server/src/net/dtls/connection.ts';
import { IceAgent } from '../../server/src/net/ice-agent.ts';
import { formatCandidate, parseCandidate } from '../../server/src/net/ice-candidate.ts';
import { FrameReader, frame, MAX_FRAME_BYTES } from '../../server/src/net/ice-framing.ts';
import type { IceMux } from '../../server/src/net/ice-mux.ts';
import { decodeXorAddress, hasIntegrity, parseStun, stunError } from '../../server/src/net/stun.ts';
import { splitMessages } from '../../server/src/net/turn-link.ts';
import { SrtcpReceiver } from '../../server/src/rtp/srtcp.ts';
import { SrtpReceiver } from '../../server/src/rtp/srtp.ts';
import { createRandom, mutate, readCorpus } from './mutate.ts';

const ROUNDS = 2000;
const key = createSecretKey(Buffer.from('key'));

function rounds(corpus: readonly Buffer[], seed: number, count: number, use: (input: Buffer) => void): void {
  const random = createRandom(seed);
  for (let round = 0; round < count; round++) use(mutate(corpus[random(corpus.length)]!, random));
}

test('offers are answered or refused with a reason', () => {
  let answered = 0;
  rounds(readCorpus('offer'), 1, 600, (input) => {
    try {
      const offer = parseDescription(input.toString('latin1'));
      const medias = offer.medias.map((media) => ({
        media,
        formats: media.formats.slice(0, 2),
        sends: media.receives,
        receives: media.sends,
        ssrc: 1,
        rtxSsrc: 2,
      }));
      const sdp = formatAnswer({
        offer,
        medias,
        ice: { ufrag: 'ufrag', password: 'password' },
        fingerprint: 'AA',
        candidates: offer.candidates,
        complete: true,
      });
      assert.equal(sdp.match(/^m=/gm)?.length, offer.medias.length);
      assert.ok(sdp.length < 4 * input.length + 4000);
      assert.ok(acceptsOf(offer).length <= 2);
      assert.ok(sendingMedias(offer).length >= (microphoneMedia(offer) ? 1 : 0));
      answered++;
    } catch (error) {
      assert.ok(error instanceof StreamError && error.code === 'invalid', String(error));
    }
  });
  assert.ok(answered > 200, `${answered} answered`);
});

test('candidates', () => {
  const lines = readCorpus('offer').flatMap((offer) => offer.toString().match(/candidate:.*/g) ?? []);
  rounds(lines.map(Buffer.from), 2, ROUNDS, (input) => {
    const candidate = parseCandidate(input.toString('latin1'));
    if (candidate) assert.deepEqual(parseCandidate(formatCandidate(candidate)), candidate);
  });
});

test('STUN messages', () => {
  rounds(readCorpus('stun'), 3, ROUNDS, (input) => {
    const message = parseStun(input);
    if (!message) return;
    hasIntegrity(message, key);
    stunError(message);
    for (const [, value] of message.attributes) decodeXorAddress(value, message.transactionId);
  });
});

test('an ICE agent that hears nonsense sends nothing', () => {
  const mux = { register: () => () => {}, pathTo: () => undefined } as unknown as IceMux;
  const agent = new IceAgent({
    mux,
    controlling: false,
    onConnected: () => assert.fail('nobody is there'),
    onData: () => assert.fail('data of nobody'),
    onFailed: () => {},
  });
  agent.setRemote({ ufrag: 'h6vY', password: 'password' });
  let sent = 0;
  const path = {
    protocol: 'udp' as const,
    remote: { address: '127.0.0.1', port: 9 },
    relayed: false,
    queuedBytes: 0,
    closed: false,
    send: () => sent++,
    sendAll: () => {},
  };
  rounds([...readCorpus('stun'), ...readCorpus('dtls')], 4, ROUNDS, (input) => agent.onDatagram(input, path));
  assert.equal(sent, 0);
  agent.close();
});

test('frames of RFC 4571 and messages of TURN over TCP', () => {
  const stream = Buffer.concat([...readCorpus('stun'), ...readCorpus('dtls')].map(frame));
  rounds([stream], 5, 500, (input) => {
    const reader = new FrameReader();
    let bytes = 0;
    const whole = reader.push(input, (datagram) => {
      assert.ok(datagram.length <= MAX_FRAME_BYTES);
      bytes += datagram.length;
    });
    assert.ok(bytes <= input.length && typeof whole === 'boolean');
    let messages = 0;
    const rest = splitMessages(input, (message) => {
      messages += message.length;
    });
    assert.ok(messages + rest.length <= input.length);
  });
});

for (const role of ['client', 'server'] as const) {
  test(`a DTLS ${role} ends the handshake or goes on, and answers no more than it is asked`, () => {
    const certificate = createCertificate('fuzz');
    const corpus = readCorpus('dtls');
    const random = createRandom(6);
    for (let round = 0; round < 120; round++) {
      let sent = 0;
      let closed = 0;
      const connection = new DtlsConnection({
        role,
        certificate,
        fingerprints: [{ algorithm: 'sha-256', value: certificate.fingerprint }],
        srtpProfiles: [1],
        send: () => sent++,
        onConnected: () => assert.fail('the peer has no key'),
        onClosed: () => closed++,
      });
      connection.start();
      for (let datagram = 0; datagram < 8; datagram++) {
        const input = corpus[random(corpus.length)]!;
        connection.receive(random(4) ? mutate(input, random) : input);
      }
      assert.ok(closed <= 1 && sent <= 12, `${sent} sent`);
      connection.close();
    }
  });
}

test('SRTP and SRTCP that are not authentic stay closed', () => {
  for (const profile of ['SRTP_AES128_CM_HMAC_SHA1_80', 'SRTP_AEAD_AES_128_GCM'] as const) {
    const master = { profile, key: Buffer.alloc(16), salt: Buffer.alloc(profile.includes('GCM') ? 12 : 14) };
    const rtp = new SrtpReceiver(master);
    const rtcp = new SrtcpReceiver(master);
    const packets = [
      Buffer.alloc(60, 0x80),
      Buffer.concat([Buffer.from('90e0000100000001', 'hex'), Buffer.alloc(40)]),
    ];
    rounds(packets, 7, ROUNDS, (input) => {
      assert.equal(rtp.unprotect(Buffer.from(input)), undefined);
      assert.equal(rtcp.unprotect(Buffer.from(input)), undefined);
    });
  }
});
