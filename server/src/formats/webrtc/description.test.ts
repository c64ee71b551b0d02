import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { audioCodec, videoCodec } from '../../codecs/codec.ts';
import { buildAvcC } from '../../codecs/h264.ts';
import { opusCodec } from '../../codecs/opus.ts';
import { formatAnswer } from './answer.ts';
import { type Description, parseDescription } from './description.ts';
import {
  acceptsOf,
  formatFor,
  microphoneFormat,
  microphoneMedia,
  receivingMedia,
  sendingMedias,
} from './negotiation.ts';

const read = (name: string): Description =>
  parseDescription(
    readFileSync(new URL(`../../../../test/fuzz/corpus/offer/${name}.sdp`, import.meta.url), 'utf8'),
  );

const h264 = (profile: string) =>
  videoCodec('h264', {
    extradata: buildAvcC([Buffer.from(`67${profile}ac`, 'hex')], [Buffer.from('68ee3880', 'hex')]),
  });
const hevc = (profile: number, level: number) => {
  const hvcC = Buffer.alloc(23);
  hvcC[1] = profile;
  hvcC[12] = level;
  return videoCodec('hevc', { extradata: hvcC });
};
const answerOf = (offer: Description, medias: Parameters<typeof formatAnswer>[0]['medias'] = []): string =>
  formatAnswer({
    offer,
    medias,
    ice: { ufrag: 'ourufrag', password: 'ourpassword' },
    fingerprint: 'AA:BB',
    candidates: [],
    complete: true,
  });

test('Chromium: H.264 with packetization-mode 1, opus, G.722, G.711', () => {
  const offer = read('chromium');
  assert.deepEqual(
    acceptsOf(offer).map(({ kind, codecs }) => [kind, [...new Set(codecs.map(({ name }) => name))]]),
    [
      ['video', ['h264']],
      ['audio', ['opus', 'adpcm_g722', 'pcm_mulaw', 'pcm_alaw']],
    ],
  );
  assert.deepEqual(offer.bundle, ['0', '1', '2']);
  assert.equal(offer.candidates.length, 24);
  assert.equal(offer.dtlsServer, false);
  const video = receivingMedia(offer, 'video')!;
  const typeFor = (profile: string) => formatFor(video, h264(profile))?.payloadType;
  assert.equal(typeFor('42001f'), 102);
  assert.equal(typeFor('42e01f'), 108, 'Constrained Baseline');
  assert.equal(typeFor('4d0028'), 116);
  assert.equal(typeFor('640028'), 116, 'High is not offered: Main is next');
  assert.equal(formatFor(video, h264('42e01f'))?.rtxPayloadType, 109);
  assert.ok(formatFor(video, h264('42e01f'))?.feedback.includes('nack pli'));
  assert.equal(formatFor(video, hevc(1, 93)), undefined);
});

test('Firefox: H.264 in packetization-mode 0 is not for us', () => {
  const video = receivingMedia(read('firefox'), 'video')!;
  assert.equal(formatFor(video, h264('640028'))?.payloadType, 126);
  assert.deepEqual(
    acceptsOf(read('firefox'))[0]?.codecs.map(({ name }) => name),
    ['h264'],
  );
});

test('Safari: High, and H.265 by profile and level', () => {
  const offer = read('safari');
  const video = receivingMedia(offer, 'video')!;
  assert.equal(formatFor(video, h264('640028'))?.payloadType, 96);
  assert.equal(formatFor(video, hevc(1, 93))?.payloadType, 100);
  assert.equal(formatFor(video, hevc(2, 93))?.payloadType, 102);
  assert.equal(formatFor(video, hevc(1, 150))?.payloadType, 100, 'a higher level is tried');
  assert.equal(offer.candidates[0]?.address, '3c1ee45b-8bcd-4d1e-9d3a-5a6f9a3f2a10.local');
});

test('audio of the camera takes the offered format of the same codec, rate and channels', () => {
  const audio = receivingMedia(read('chromium'), 'audio')!;
  const typeFor = (codec: ReturnType<typeof audioCodec>) => formatFor(audio, codec)?.payloadType;
  assert.equal(typeFor(opusCodec(2)), 111);
  assert.equal(typeFor(audioCodec('pcm_alaw', 8000)), 8);
  assert.equal(typeFor(audioCodec('pcm_alaw', 16000)), undefined);
  assert.equal(typeFor(audioCodec('aac', 16000)), undefined);
});

test('the microphone sends what the loudspeaker takes, or G.711 for the core to convert', () => {
  const media = microphoneMedia(read('chromium'))!;
  const typeFor = (...loudspeaker: ReturnType<typeof audioCodec>[]) =>
    microphoneFormat(media, loudspeaker)?.payloadType;
  assert.equal(typeFor(audioCodec('pcm_alaw', 8000)), 8);
  assert.equal(typeFor(audioCodec('pcm_mulaw', 8000)), 0);
  assert.equal(typeFor(opusCodec(2)), 111);
  assert.equal(typeFor(audioCodec('pcm_s16be', 16000)), 0);
  assert.equal(typeFor(audioCodec('aac', 16000)), 0);
  assert.equal(typeFor(), undefined);
  assert.equal(microphoneMedia(read('firefox')), undefined);
});

test('OBS: two sections that send', () => {
  const offer = read('obs-whip');
  assert.deepEqual(
    sendingMedias(offer).map(({ kind }) => kind),
    ['audio', 'video'],
  );
  assert.deepEqual(acceptsOf(offer), []);
  assert.equal(offer.candidates.length, 1);
});

test('an answer has a section for each of the offer, in its order', () => {
  const offer = read('chromium');
  const [video, audio] = offer.medias;
  const format = formatFor(video!, h264('42e01f'))!;
  const lines = answerOf(offer, [
    { media: video!, formats: [format], sends: true, receives: false, ssrc: 1, rtxSsrc: 2 },
  ]).split('\r\n');
  const sections = lines.filter((line) => line.startsWith('m='));
  assert.deepEqual(sections, [
    'm=video 9 UDP/TLS/RTP/SAVPF 108 109',
    'm=audio 9 UDP/TLS/RTP/SAVPF 111',
    'm=application 0 UDP/DTLS/SCTP webrtc-datachannel',
  ]);
  assert.ok(lines.includes('a=group:BUNDLE 0 1'));
  assert.deepEqual(
    lines.filter((line) => /^a=(send|recv|inactive)/.test(line)),
    ['a=sendonly', 'a=inactive', 'a=inactive'],
  );
  assert.ok(lines.includes('a=fmtp:109 apt=108') && lines.includes('a=ssrc-group:FID 1 2'));
  assert.ok(!lines.some((line) => line.includes('transport-cc') || line.includes('remb')));
  assert.equal(audio?.kind, 'audio');
});

test('what is no offer is refused with a reason', () => {
  const complete = readFileSync(
    new URL('../../../../test/fuzz/corpus/offer/firefox.sdp', import.meta.url),
    'utf8',
  );
  for (const [text, reason] of [
    ['', /syntax error/],
    ['u', /syntax error/],
    ['v=0\r\ns=-\r\n', /no media/],
    [complete.replaceAll(/a=ice-pwd.*\r\n/g, ''), /ICE/],
    [complete.replaceAll(/a=fingerprint.*\r\n/g, ''), /fingerprint/],
    [`${complete}${'m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n'.repeat(20)}`, /too many/],
    ['v=0\r\n'.padEnd(1 << 20, 'a=x\r\n'), /too long/],
  ] as const)
    assert.throws(() => parseDescription(text), { code: 'invalid', message: reason });
});
