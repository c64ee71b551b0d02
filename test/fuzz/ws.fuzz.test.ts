/** Messages of the API's socket: each is ignored, answered, or refused with an error that names its type; the socket lives on. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { startTestApi } from '../../server/src/api/testing.ts';
import { StreamError } from '../../server/src/core/errors.ts';
import { parseDescription } from '../../server/src/formats/webrtc/description.ts';
import type { WebrtcServer } from '../../server/src/formats/webrtc/server.ts';
import { createRandom, mutate, readCorpus } from './mutate.ts';

const ROUNDS = 600;
const ANSWERS = new Set(['mse', 'mjpeg', 'error']);

/** Reads the offer, and matches nothing. */
const webrtc: WebrtcServer = {
  port: 0,
  sessions: new Map(),
  answer: async (_stream, offer) => {
    parseDescription(offer);
    throw new StreamError('no_match', 'codecs not matched');
  },
  createClient: () => assert.fail('nobody asked for one'),
  close: () => {},
};

test('messages of the socket', async (t) => {
  const api = await startTestApi('streams: {cam: rtsp://cam}', { webrtc });
  t.after(api.close);
  const corpus = readCorpus('ws');
  const random = createRandom(20260802);
  const socket = new WebSocket(`ws://${api.host}/api/ws?src=cam`);
  const errors: string[] = [];
  socket.on('message', (data: Buffer, isBinary) => {
    if (isBinary) return;
    const { type, value } = JSON.parse(data.toString());
    assert.ok(ANSWERS.has(type), type);
    if (type === 'error') errors.push(value);
  });
  await once(socket, 'open');
  for (let round = 0; round < ROUNDS; round++) {
    const message = mutate(corpus[random(corpus.length)]!, random);
    // Text that is no UTF-8 ends a WebSocket (RFC 6455 §8.1): here it is made text.
    socket.send(random(8) === 0 ? message : message.toString());
    if (round % 16 === 0) await sleep(1);
  }
  const ended = once(socket, 'close');
  socket.send('{"type":"webrtc/offer","value":5}');
  for (let i = 0; i < 400 && errors.at(-1) !== 'webrtc/offer: the value is not a text'; i++) await sleep(5);
  assert.equal(errors.at(-1), 'webrtc/offer: the value is not a text');
  assert.ok(errors.length > 20, 'the corpus reaches the handlers');
  for (const error of errors) {
    assert.match(error, /^(?:mse|mp4|mjpeg|webrtc(?:\/\w+)?): \S/);
    assert.doesNotMatch(error, /undefined|\[object|TypeError|is not a function/);
  }
  socket.close();
  await ended;
});
