import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ACCEPT_ANY, ACCEPT_MP4, acceptsFromQuery, carriedBy, codecNamed } from './accepts.ts';
import { StreamError } from './errors.ts';
import type { Accepts } from './model.ts';

const ANY_VIDEO = { kind: 'video', codecs: [] } as const;
const ANY_AUDIO = { kind: 'audio', codecs: [] } as const;

const TABLE: readonly (readonly [query: string, accepts: Accepts])[] = [
  ['', ACCEPT_ANY],
  ['src=door', ACCEPT_ANY],
  ['mp4', ACCEPT_MP4],
  ['mp4=flac', ACCEPT_MP4],
  ['video', [ANY_VIDEO]],
  ['audio=copy', [ANY_AUDIO]],
  ['audio&video', [ANY_VIDEO, ANY_AUDIO]],
  ['video=h264,', [ANY_VIDEO]],
  [
    'video=all&audio=ALL',
    [
      { ...ANY_VIDEO, all: true },
      { ...ANY_AUDIO, all: true },
    ],
  ],
  ['video=H264,h265', [{ kind: 'video', codecs: [{ name: 'h264' }, { name: 'hevc' }] }]],
  [
    'video=mjpeg&video=jpeg,raw',
    [
      { kind: 'video', codecs: [{ name: 'mjpeg' }] },
      { kind: 'video', codecs: [{ name: 'mjpeg' }, { name: 'rawvideo' }] },
    ],
  ],
  ['video=h264,vvc', [{ kind: 'video', codecs: [{ name: 'h264' }] }]],
  ['video=h264&audio=g726', [{ kind: 'video', codecs: [{ name: 'h264' }] }]],
  ['mp4&audio=opus', [{ kind: 'audio', codecs: [{ name: 'opus' }] }]],
  [
    'audio=PCMA,pcmu,L16,PCML,mpeg4-generic,MPA,G722',
    [
      {
        kind: 'audio',
        codecs: [
          { name: 'pcm_alaw' },
          { name: 'pcm_mulaw' },
          { name: 'pcm_s16be' },
          { name: 'pcm_s16le' },
          { name: 'aac' },
          { name: 'mp3' },
          { name: 'adpcm_g722' },
        ],
      },
    ],
  ],
  [
    'audio=pcma/8000,opus/48000/2',
    [
      {
        kind: 'audio',
        codecs: [
          { name: 'pcm_alaw', sampleRate: 8000 },
          { name: 'opus', sampleRate: 48000, channels: 2 },
        ],
      },
    ],
  ],
];

for (const [query, accepts] of TABLE) {
  test(`?${query}`, () => {
    assert.deepEqual(acceptsFromQuery(new URLSearchParams(query), ACCEPT_ANY), accepts);
  });
}

for (const query of [
  'video=h246',
  'video=aac',
  'audio=h264',
  'audio=pcma/x',
  'audio=pcma/-1',
  'audio=constructor',
]) {
  test(`?${query} is refused by name`, () => {
    assert.throws(
      () => acceptsFromQuery(new URLSearchParams(query), ACCEPT_ANY),
      (error) =>
        error instanceof StreamError &&
        error.code === 'invalid' &&
        error.message.includes(query.split('=')[1]!),
    );
  });
}

test('a hundred tracks are refused', () => {
  assert.throws(() => acceptsFromQuery(new URLSearchParams('video&'.repeat(100)), ACCEPT_ANY), StreamError);
});

test('a name that only objects have is no codec', () => {
  assert.equal(codecNamed('toString'), undefined);
  assert.equal(codecNamed('JPEG'), 'mjpeg');
});

const CARRIED = {
  video: [{ name: 'h264' }],
  audio: [{ name: 'aac' }, { name: 'pcm_alaw', sampleRate: 8000 }],
} as const;
const OUTCOMES: readonly { query: string; carried: Accepts }[] = [
  { query: 'video', carried: [{ kind: 'video', codecs: CARRIED.video }] },
  { query: 'video=all', carried: [{ kind: 'video', codecs: CARRIED.video, all: true }] },
  { query: 'video=vp9&audio', carried: [{ kind: 'audio', codecs: CARRIED.audio }] },
  {
    query: 'audio=flac,aac/16000',
    carried: [{ kind: 'audio', codecs: [{ name: 'aac', sampleRate: 16000 }] }],
  },
  { query: 'audio=pcma', carried: [{ kind: 'audio', codecs: [{ name: 'pcm_alaw', sampleRate: 8000 }] }] },
];

for (const { query, carried } of OUTCOMES) {
  test(`${query}: what a format carries of it`, () => {
    assert.deepEqual(
      carriedBy('x', CARRIED, acceptsFromQuery(new URLSearchParams(query), ACCEPT_ANY)),
      carried,
    );
  });
}

test('nothing of what is asked for can be carried', () => {
  const wanted = acceptsFromQuery(new URLSearchParams('video=vp9&audio=flac'), ACCEPT_ANY);
  assert.throws(() => carriedBy('x', CARRIED, wanted), {
    code: 'no_match',
    message: /x cannot carry vp9, flac/,
  });
  assert.deepEqual(carriedBy('x', CARRIED, []), []);
});
