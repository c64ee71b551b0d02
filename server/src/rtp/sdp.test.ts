import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StreamError } from '../core/errors.ts';
import { rtpFormat } from './payload.ts';
import { codecOfFormat } from './payload-formats.ts';
import { buildSdp, parseSdp, type Sdp } from './sdp.ts';

const sdp = (...lines: string[]): string =>
  ['v=0', 'o=- 1 1 IN IP4 1.2.3.4', 's=x', 't=0 0', ...lines].join('\r\n');
const SPROP = 'Z0LAHtoCgL/lwEQAAAMABAAAAwDKPFi6gA==,aM48gA==';

/** `H264/90000` of each format of each media. */
const encodings = (text: string): string[][] =>
  parseSdp(text).medias.map(({ formats }) =>
    formats.map(
      ({ encoding, clockRate, channels }) => `${encoding}/${clockRate}${channels > 1 ? `/${channels}` : ''}`,
    ),
  );

test('what is written is read again', () => {
  const description: Sdp = {
    name: 'porthole',
    control: '*',
    medias: [
      {
        kind: 'video',
        formats: [
          rtpFormat(96, 'H264', 90000, {
            parameters: { 'packetization-mode': '1', 'sprop-parameter-sets': SPROP },
          }),
        ],
        direction: 'recvonly',
        control: 'trackID=0',
      },
      {
        kind: 'video',
        formats: [rtpFormat(26, 'JPEG', 90000, { parameters: { 'x-dimensions': '3840,2160' } })],
        direction: 'recvonly',
        control: 'trackID=1',
      },
      {
        kind: 'audio',
        formats: [rtpFormat(8, 'PCMA', 8000), rtpFormat(97, 'L16', 16000, { channels: 2 })],
        direction: 'sendonly',
        control: 'trackID=2',
      },
    ],
  };
  assert.deepEqual(parseSdp(buildSdp(description)), description);
});

const REPAIRS: readonly { name: string; lines: string[]; formats: string[][] }[] = [
  {
    name: 'static payload types without rtpmap',
    lines: ['m=audio 0 RTP/AVP 0 8 9 10 11', 'm=video 0 RTP/AVP 26', 'm=audio 0 RTP/AVP 14'],
    formats: [
      ['PCMU/8000', 'PCMA/8000', 'G722/8000', 'L16/44100/2', 'L16/44100'],
      ['JPEG/90000'],
      ['MPA/90000'],
    ],
  },
  {
    name: 'PCM told by its bandwidth alone',
    lines: ['m=audio 0 RTP/AVP 97', 'b=AS:256', 'm=audio 0 RTP/AVP 98', 'b=AS:1411'],
    formats: [['PCM/16000'], ['PCM/44100/2']],
  },
  {
    name: 'rtpmap without a clock, or with blanks in it',
    lines: [
      'm=video 0 RTP/AVP 96',
      'a=rtpmap:96 H264',
      'm=audio 0 RTP/AVP 97',
      'a=rtpmap: 97  mpeg4-generic/ 16000 /2',
    ],
    formats: [['H264/90000'], ['MPEG4-GENERIC/16000/2']],
  },
  {
    name: 'Opus is 48000/2, whatever it says',
    lines: ['m=audio 0 RTP/AVP 111', 'a=rtpmap:111 opus/16000'],
    formats: [['OPUS/48000/2']],
  },
  {
    name: 'no numbers in m=, a second s=, bad c=, other line ends',
    lines: ['s=again', 'c=IN IP4', 'm=video 0 RTP/AVP\na=rtpmap:96 H265/90000'],
    formats: [['H265/90000']],
  },
  {
    name: 'a payload type that nobody explains',
    lines: ['m=video 0 RTP/AVP 99 500 x'],
    formats: [['99/90000']],
  },
];

for (const { name, lines, formats } of REPAIRS)
  test(`reads ${name}`, () => assert.deepEqual(encodings(sdp(...lines)), formats));

test('parameter sets that stand with another media are found', () => {
  const { medias } = parseSdp(
    sdp(
      'm=video 0 RTP/AVP 96',
      'a=rtpmap:96 H264/90000',
      'm=application 0 RTP/AVP 107',
      `a=fmtp:96 sprop-parameter-sets=${SPROP}`,
    ),
  );
  const codec = codecOfFormat(medias[0]!.formats[0]!);
  assert.equal(codec?.kind === 'video' && codec.width, 640);
  assert.equal(medias[1]!.kind, 'application');
});

test('parameter sets with start codes, several in one item, or empty items', () => {
  const [sps, pps] = SPROP.split(',').map((item) => Buffer.from(item, 'base64')) as [Buffer, Buffer];
  const start = Buffer.from([0, 0, 0, 1]);
  const joined = Buffer.concat([start, sps, start, pps]).toString('base64');
  for (const value of [`${joined},`, `,${SPROP},,`]) {
    const format = rtpFormat(96, 'H264', 90000, { parameters: { 'sprop-parameter-sets': value } });
    assert.ok(codecOfFormat(format)?.extradata, value);
  }
});

test('directions: of the media, of the session, of a camera that has them wrong, or none', () => {
  const directions = (...lines: string[]): string[] =>
    parseSdp(sdp(...lines)).medias.map(({ direction }) => direction);
  assert.deepEqual(directions('a=sendonly', 'm=video 0 RTP/AVP 96', 'a=recvonly', 'm=audio 0 RTP/AVP 0'), [
    'recvonly',
    'sendonly',
  ]);
  assert.deepEqual(directions('m=video 0 RTP/AVP 96'), ['recvonly']);
  assert.deepEqual(
    parseSdp('v=0\no=CV-RTSPHandler 1 1 IN IP4 0.0.0.0\nm=video 0 RTP/AVP 96\na=sendonly').medias[0]
      ?.direction,
    'recvonly',
  );
});

test('control URLs of session and medias', () => {
  const { control, medias } = parseSdp(
    sdp('a=control:rtsp://cam/live/', 'm=video 0 RTP/AVP 96', 'a=control:track1'),
  );
  assert.deepEqual([control, medias[0]?.control], ['rtsp://cam/live/', 'track1']);
});

test('hostile descriptions stay within limits', () => {
  assert.throws(() => parseSdp('<html>404</html>'), StreamError);
  assert.equal(
    parseSdp(sdp(...Array.from({ length: 1000 }, () => 'm=video 0 RTP/AVP 96'))).medias.length,
    32,
  );
  const numbers = Array.from({ length: 5000 }, (_, index) => index % 128).join(' ');
  assert.equal(parseSdp(sdp(`m=video 0 RTP/AVP ${numbers}`)).medias[0]?.formats.length, 64);
});
