import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StreamError } from '../../core/errors.ts';
import type { Accepts } from '../../core/model.ts';
import { mp4AcceptsFromCodecList, mp4AcceptsFromQuery, videoOnly } from './accepts.ts';

/** `h264,hevc aac`: names of the requests, in order. */
const show = (accepts: Accepts): string =>
  accepts.map(({ codecs }) => codecs.map(({ name }) => name).join()).join(' ');

const QUERIES: readonly (readonly [query: string, accepts: string])[] = [
  ['', 'h264,hevc aac'],
  ['mp4', 'h264,hevc aac'],
  ['mp4=flac', 'h264,hevc aac,flac'],
  ['mp4=all', 'h264,hevc aac,opus,mp3,flac'],
  ['mp4=anything', 'h264,hevc aac,opus,mp3,flac'],
  ['video', 'h264,hevc,av1,vp9'],
  ['audio', 'aac,opus,mp3,flac'],
  ['video=h265&audio=opus', 'hevc opus'],
  ['video=h264&audio=pcma,pcmu,aac', 'h264 flac,aac'],
  ['video=h264,mjpeg', 'h264'],
  ['mp4=all&video=h264', 'h264'],
  ['video=all', 'h264,hevc,av1,vp9'],
];

for (const [query, accepts] of QUERIES) {
  test(`?${query}`, () => assert.equal(show(mp4AcceptsFromQuery(new URLSearchParams(query))), accepts));
}

const LISTS: readonly (readonly [list: string, accepts: string])[] = [
  ['', 'h264,hevc aac'],
  ['avc1.640029,avc1.64002A,hvc1.1.6.L153.B0,mp4a.40.2,flac,opus', 'h264,hevc aac,opus,flac'],
  ['opus, avc1.640029', 'h264 opus'],
  ['av01.0.08M.08,vp09.00.10.08,mp4a.40.5,mp4a.6B', 'av1,vp9 aac,mp3'],
  ['hvc1.1.6.L153.B0,theora', 'hevc'],
  ['mp4a.40.2', 'aac'],
];

for (const [list, accepts] of LISTS) {
  test(`player: ${list}`, () => assert.equal(show(mp4AcceptsFromCodecList(list)), accepts));
}

test('codecs that MP4 does not carry are refused by name', () => {
  const refused = (code: string, word: string) => (error: unknown) =>
    error instanceof StreamError && error.code === code && error.message.includes(word);
  assert.throws(() => mp4AcceptsFromQuery(new URLSearchParams('video=mjpeg')), refused('no_match', 'mjpeg'));
  assert.throws(() => mp4AcceptsFromQuery(new URLSearchParams('video=x')), refused('invalid', 'x'));
  assert.throws(() => mp4AcceptsFromCodecList('theora,vorbis'), refused('no_match', 'player'));
});

test('video alone', () => assert.equal(show(videoOnly(mp4AcceptsFromCodecList(''))), 'h264,hevc'));
