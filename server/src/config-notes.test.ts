import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfig } from './config/load.ts';
import { configNotes } from './config-notes.ts';

const notesOf = (text: string) =>
  configNotes(loadConfig([{ kind: 'document', text }], { environment: {} }).config);

test('sections and sources that have no effect are told', () => {
  const notes = notesOf(`
x-common: &camera rtsp://192.0.2.1/live
api: { listen: ":1984" }
ngrok: { command: ngrok tcp 8555 }
streams:
  door: *camera
  again: door
  radio: [ rtsp://192.0.2.2/, "teletext:100" ]
  upload:
  away: nowhere
cameras:
  door: { sub: radio }
  again: { sub: window }
  garage: { enabled: false }
`);
  assert.deepEqual(
    notes.map(({ path }) => path),
    ['ngrok', 'streams.radio', 'streams.away', 'cameras.again.sub', 'cameras.garage'],
  );
  assert.match(notes[0]!.note, /has no effect/);
  assert.match(notes[1]!.note, /teletext/);
});

test('a configuration that is used in full has none', () => {
  assert.deepEqual(notesOf('streams: { door: "ffmpeg:rtsp://192.0.2.1/#video=h264" }'), []);
});
