/** Offers of ours, and what answers make of them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom, mutate } from '../../../../test/fuzz/mutate.ts';
import { videoCodec } from '../../codecs/codec.ts';
import { StreamError } from '../../core/errors.ts';
import { parseCandidate } from '../../net/ice-candidate.ts';
import { agreementOf, answerTo } from './agreement.ts';
import { formatAnswer } from './answer.ts';
import { parseDescription } from './description.ts';
import { formatOffer, type OfferedMedia } from './offer.ts';
import { AUDIO_FORMATS, formatsOfCodec, VIDEO_FORMATS } from './offered-formats.ts';

const MEDIAS: readonly OfferedMedia[] = [
  { kind: 'video', formats: VIDEO_FORMATS, sends: false, receives: true },
  { kind: 'audio', formats: AUDIO_FORMATS, sends: false, receives: true },
  { kind: 'audio', formats: AUDIO_FORMATS, sends: true, receives: false, ssrc: 7 },
];
const OURS = { ice: { ufrag: 'ufrag', password: 'password-of-22-letters' }, fingerprint: 'AA:BB' };
const CANDIDATE = parseCandidate('candidate:1 1 udp 2130706431 192.0.2.1 8555 typ host')!;

const offer = (medias = MEDIAS): string =>
  formatOffer({ ...OURS, medias, candidates: [CANDIDATE], complete: true });

/** Sections of an answer: m-line without number and protocol, then attributes. */
const answer = (...sections: readonly (readonly string[])[]) =>
  parseDescription(
    [
      'v=0',
      'o=- 1 1 IN IP4 0.0.0.0',
      's=-',
      't=0 0',
      ...sections.flatMap(([media = '', ...attributes], index) => [
        `m=${media.replace(' ', ' 9 UDP/TLS/RTP/SAVPF ')}`,
        `a=mid:${index}`,
        'a=ice-ufrag:a',
        'a=ice-pwd:b',
        'a=fingerprint:sha-256 AA',
        ...attributes.map((attribute) => `a=${attribute}`),
      ]),
    ].join('\r\n'),
  );

test('an offer reads as it was meant', () => {
  const { medias, bundle, candidates } = parseDescription(offer());
  assert.deepEqual(bundle, ['0', '1', '2']);
  assert.deepEqual(
    medias.map(({ kind, sends, receives }) => [kind, sends, receives]),
    [
      ['video', false, true],
      ['audio', false, true],
      ['audio', true, false],
    ],
  );
  assert.equal(candidates[0]?.address, '192.0.2.1');
  const [video] = medias;
  assert.deepEqual([...new Set(video!.formats.map(({ encoding }) => encoding))], ['H264', 'H265']);
  for (const { parameters, encoding, feedback, rtxPayloadType, payloadType } of video!.formats) {
    if (encoding === 'H264') assert.equal(parameters.get('packetization-mode'), '1');
    assert.ok(feedback.includes('nack') && feedback.includes('nack pli'));
    assert.equal(rtxPayloadType, payloadType + 1);
  }
  const types = medias.slice(0, 2).flatMap(({ formats }) => formats.map(({ payloadType }) => payloadType));
  assert.equal(new Set(types).size, types.length, 'payload types tell the sections apart');
});

test('answers', () => {
  const full = agreementOf(
    MEDIAS,
    answer(
      ['video 98', 'sendonly', 'rtpmap:98 H264/90000', 'rtcp-fb:98 nack'],
      ['audio 8', 'sendonly'],
      ['audio 0 8', 'recvonly'],
    ),
  );
  assert.deepEqual(
    full.receives.map(({ kind, formats }) => [kind, formats.map(({ payloadType }) => payloadType)]),
    [
      ['video', [98]],
      ['audio', [8]],
    ],
  );
  assert.equal(full.receives[0]!.formats[0]!.parameters.get('packetization-mode'), '1', 'not said again');
  assert.deepEqual(full.receives[0]!.formats[0]!.feedback, ['nack']);
  assert.deepEqual(
    full.sends.map(({ ssrc, formats }) => [ssrc, formats.map(({ encoding }) => encoding)]),
    [[7, ['PCMU', 'PCMA']]],
  );

  const numbered = agreementOf(MEDIAS, answer(['video 35', 'sendonly', 'rtpmap:35 H264/90000']));
  assert.equal(numbered.receives[0]!.formats[0]!.payloadType, 35, 'a peer that numbers anew');
  assert.throws(
    () =>
      agreementOf(MEDIAS, answer(['video 35', 'sendonly', 'rtpmap:35 VP8/90000'], ['audio 8', 'inactive'])),
    (error) => error instanceof StreamError && error.code === 'no_match' && /VP8/.test(error.message),
  );
});

test('offers of peers', () => {
  const theirs = answer(
    [
      'video 35 36',
      'sendonly',
      'rtpmap:35 VP8/90000',
      'rtpmap:36 H264/90000',
      'fmtp:36 packetization-mode=1',
    ],
    ['audio 8', 'sendrecv'],
  );
  const { agreement, medias } = answerTo(theirs);
  assert.deepEqual(
    agreement.receives.map(({ formats }) => formats.map(({ payloadType }) => payloadType)),
    [[36], [8]],
  );
  assert.equal(agreement.sends.length, 1);
  const sdp = formatAnswer({ ...OURS, offer: theirs, medias, candidates: [], complete: true });
  assert.match(sdp, /m=video 9 \S+ 36\r\n[\s\S]*a=recvonly[\s\S]*m=audio 9 \S+ 8\r\n[\s\S]*a=sendrecv/);
});

test('a track is offered as it is, and as everybody knows it', () => {
  // SPS of High at level 4: 67 64 00 28.
  const extradata = Buffer.from('0164 0028 ffe1 0004 67640028 01 0004 68ee3c80'.replaceAll(' ', ''), 'hex');
  const profiles = formatsOfCodec(videoCodec('h264', { extradata })).map(({ parameters }) =>
    parameters.get('profile-level-id'),
  );
  assert.deepEqual(profiles, ['640028', '42e01f']);
});

test('answers that were changed are taken or refused with a reason', () => {
  const corpus = Buffer.from(offer().replace('a=recvonly', 'a=sendonly'));
  const random = createRandom(9);
  let agreed = 0;
  for (let round = 0; round < 400; round++) {
    try {
      const description = parseDescription(mutate(corpus, random).toString('latin1'));
      const { receives, sends } = agreementOf(MEDIAS, description);
      assert.ok(receives.length + sends.length <= MEDIAS.length);
      answerTo(description);
      agreed++;
    } catch (error) {
      assert.ok(error instanceof StreamError, String(error));
    }
  }
  assert.ok(agreed > 50, `${agreed} agreed`);
});
