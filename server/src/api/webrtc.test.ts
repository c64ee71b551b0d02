/** The signalling around a WebRTC server that answers as told. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { StreamError } from '../core/errors.ts';
import { createPeer } from '../core/model.ts';
import type { Role, SessionOptions, WebrtcServer } from '../formats/webrtc/server.ts';
import type { WebrtcSession } from '../formats/webrtc/session.ts';
import { type Candidate, parseCandidate } from '../net/ice-candidate.ts';
import { startTestApi } from './testing.ts';

const CANDIDATE = 'candidate:1 1 udp 2130706431 192.0.2.2 8555 typ host';
const OFFER = 'v=0 offer';
const ANSWER = 'v=0\r\nanswer';

/** Remembers what it was asked; `bad` offers are refused. */
class FakeWebrtc implements WebrtcServer {
  readonly port = 8555;
  readonly sessions = new Map<string, WebrtcSession>();
  readonly asked: { stream: string; role: Role; options: SessionOptions }[] = [];
  readonly candidates: Candidate[] = [];
  closed = 0;
  answerDelayMs = 0;

  answer: WebrtcServer['answer'] = async (stream, offer, role, options) => {
    this.asked.push({ stream: stream.name, role, options });
    if (offer !== OFFER) throw new StreamError('invalid', 'sdp: syntax error');
    options.onCandidate?.(parseCandidate(CANDIDATE)!);
    await sleep(this.answerDelayMs);
    const { format, protocol } = options;
    const id = `id-${this.asked.length}`;
    const session: WebrtcSession = {
      id,
      peer: createPeer({ format, protocol }),
      sdp: ANSWER,
      connected: true,
      ended: new Promise(() => {}),
      addCandidate: (candidate) => void this.candidates.push(candidate),
      close: () => {
        this.sessions.delete(id);
        this.closed++;
      },
    };
    this.sessions.set(id, session);
    return session;
  };

  createClient(): never {
    throw new StreamError('unsupported', 'not in this test');
  }

  close(): void {}
}

async function start(t: TestContext, text = 'streams: {cam: rtsp://cam}') {
  const webrtc = new FakeWebrtc();
  const api = await startTestApi(text, { webrtc });
  t.after(api.close);
  return { api, webrtc };
}

test('over HTTP: each type of body has its answer', async (t) => {
  const { api, webrtc } = await start(t);
  const form = `data=${encodeURIComponent(Buffer.from(OFFER).toString('base64'))}`;
  const rows: [string, string | undefined, string, number, string, string, string][] = [
    ['src', 'application/sdp', OFFER, 201, 'application/sdp', ANSWER, 'webrtc/whep'],
    ['src', 'Application/SDP; charset=x', OFFER, 201, 'application/sdp', ANSWER, 'webrtc/whep'],
    [
      'src',
      'application/json',
      JSON.stringify({ type: 'offer', sdp: OFFER }),
      200,
      'application/json',
      `${JSON.stringify({ type: 'answer', sdp: ANSWER })}\n`,
      'webrtc/json',
    ],
    [
      'src',
      'application/x-www-form-urlencoded',
      form,
      200,
      'application/x-www-form-urlencoded',
      Buffer.from(ANSWER).toString('base64'),
      'webrtc/post',
    ],
    ['src', 'text/plain', OFFER, 200, 'text/plain', ANSWER, 'webrtc/post'],
    ['src', undefined, OFFER, 200, 'text/plain; charset=utf-8', ANSWER, 'webrtc/post'],
    ['dst', 'application/sdp', OFFER, 201, 'application/sdp', ANSWER, 'webrtc/whip'],
  ];
  for (const [parameter, type, body, status, answerType, answer, format] of rows) {
    const headers = type === undefined ? {} : { 'content-type': type };
    const got = await api.ask(`/api/webrtc?${parameter}=cam`, { method: 'POST', headers, body });
    assert.deepEqual(
      [got.status, got.headers['content-type'], got.text],
      [status, answerType, answer],
      `${type}`,
    );
    const { role, options } = webrtc.asked.at(-1)!;
    assert.deepEqual([role, options.format], [parameter === 'dst' ? 'publish' : 'auto', format]);
    const location = status === 201 ? `webrtc?id=id-${webrtc.asked.length}` : undefined;
    assert.equal(got.headers.location, location);
  }
  assert.equal((await api.ask('/api/webrtc?id=id-1', { method: 'DELETE' })).status, 200);
  assert.equal(webrtc.closed, 1);
  assert.equal((await api.ask('/api/webrtc?id=id-1', { method: 'DELETE' })).status, 404);
});

test('over the routes of RTSPtoWeb: a stream is added, an offer answered', async (t) => {
  const { api, webrtc } = await start(t);
  for (const path of ['/static', '/streams'])
    assert.deepEqual((await api.ask(path)).json, { status: 1, payload: {} });
  const add = (body: string) => api.ask('/stream/abc/add', { method: 'POST', body });
  const added = await add(JSON.stringify({ name: 'front', channels: { 0: { url: 'rtsp://front/1' } } }));
  assert.deepEqual([added.status, added.json], [200, { status: 1, payload: {} }]);
  const body = `data=${encodeURIComponent(Buffer.from(OFFER).toString('base64'))}`;
  const answer = await api.ask('/stream/front/channel/0/webrtc', { method: 'POST', body });
  assert.deepEqual([answer.status, answer.text], [200, Buffer.from(ANSWER).toString('base64')]);
  assert.equal(webrtc.asked.at(-1)!.stream, 'front');
  const none = await api.ask('/stream/none/channel/0/webrtc', { method: 'POST', body });
  assert.equal(none.status, 404);
  for (const wrong of ['', '{}', '{"name":"x","channels":{}}'])
    assert.equal((await add(wrong)).status, 400, wrong);
  const unsafe = await add(JSON.stringify({ name: 'x', channels: { 0: { url: 'exec:id' } } }));
  assert.equal(unsafe.status, 400);
});

test('over HTTP: what goes wrong', async (t) => {
  const { api } = await start(t);
  const post = (target: string, body: string, type = 'application/json') =>
    api.ask(target, { method: 'POST', body, headers: { 'content-type': type } });
  assert.equal((await post('/api/webrtc', OFFER)).status, 400);
  assert.equal((await post('/api/webrtc?src=none', OFFER)).status, 404);
  for (const body of ['', 'x', '{}', '{"sdp":5}', 'null', '{"sdp":"bad"}']) {
    assert.equal((await post('/api/webrtc?src=cam', body)).status, 400, body);
  }
  assert.equal((await post('/api/webrtc?src=cam', 'bad', 'application/sdp')).status, 400);
  assert.equal((await api.ask('/api/webrtc', { method: 'OPTIONS' })).status, 204);
  for (const method of ['GET', 'PUT', 'PATCH']) {
    assert.equal((await api.ask('/api/webrtc', { method })).status, 405, method);
  }
});

test('a read-only server plays, and takes nothing', async (t) => {
  const { api, webrtc } = await start(t, 'streams: {cam: rtsp://cam}\napi: {read_only: true}');
  const ask = { method: 'POST', body: OFFER };
  assert.equal((await api.ask('/api/webrtc?src=cam', ask)).status, 200);
  assert.equal(webrtc.asked.at(-1)!.role, 'view', 'whatever the offer sends');
  assert.equal((await api.ask('/api/webrtc?dst=cam', ask)).status, 403);
  for (const [query, type] of [
    ['src=cam', 'webrtc/answer'],
    ['dst=cam', 'error'],
  ]) {
    const socket = new WebSocket(`ws://${api.host}/api/ws?${query}`);
    await once(socket, 'open');
    socket.send(JSON.stringify({ type: 'webrtc/offer', value: OFFER }));
    const [data] = await once(socket, 'message');
    assert.equal(JSON.parse(data.toString()).type, type);
    socket.close();
  }
  assert.deepEqual(
    webrtc.asked.map(({ role }) => role),
    ['view', 'view'],
  );
});

test('without a WebRTC server that is said', async (t) => {
  const api = await startTestApi('streams: {cam: rtsp://cam}');
  t.after(api.close);
  assert.equal((await api.ask('/api/webrtc?src=cam', { method: 'POST', body: OFFER })).status, 501);
});

test('over the socket: the answer first, then candidates, in both versions', async (t) => {
  const { api, webrtc } = await start(t);
  const ice_servers = [{ urls: ['turn:x'], username: 'u', credential: 'c' }];
  const answers: [unknown, unknown][] = [
    [
      { type: 'webrtc', value: { type: 'offer', sdp: OFFER, ice_servers } },
      { type: 'webrtc', value: { type: 'answer', sdp: ANSWER } },
    ],
    [
      { type: 'webrtc/offer', value: OFFER },
      { type: 'webrtc/answer', value: ANSWER },
    ],
  ];
  for (const [offer, answer] of answers) {
    const socket = new WebSocket(`ws://${api.host}/api/ws?src=cam`);
    const received: unknown[] = [];
    socket.on('message', (data) => received.push(JSON.parse(data.toString())));
    await once(socket, 'open');
    webrtc.answerDelayMs = 20;
    socket.send(JSON.stringify({ type: 'webrtc/candidate', value: CANDIDATE }));
    socket.send(JSON.stringify(offer));
    socket.send(JSON.stringify({ type: 'webrtc/candidate', value: CANDIDATE }));
    for (const value of ['', 'nonsense']) socket.send(JSON.stringify({ type: 'webrtc/candidate', value }));
    for (let i = 0; i < 200 && received.length < 2; i++) await sleep(5);
    assert.deepEqual(received, [answer, { type: 'webrtc/candidate', value: CANDIDATE }]);
    assert.equal(webrtc.candidates.splice(0).length, 2, 'early candidates are kept');
    assert.equal(webrtc.asked.at(-1)!.options.format, 'webrtc');
    socket.close();
  }
  assert.deepEqual(webrtc.asked[0]!.options.iceServers, ice_servers);
});

test('over the socket: errors, and publishing', async (t) => {
  const { api, webrtc } = await start(t);
  const socket = new WebSocket(`ws://${api.host}/api/ws?dst=cam`);
  const received: unknown[] = [];
  socket.on('message', (data) => received.push(JSON.parse(data.toString())));
  await once(socket, 'open');
  for (const value of ['u', 5, null, { type: 'answer' }]) {
    socket.send(JSON.stringify({ type: 'webrtc', value }));
  }
  socket.send(JSON.stringify({ type: 'webrtc', value: { type: 'offer', sdp: 'bad' } }));
  for (let i = 0; i < 200 && received.length < 5; i++) await sleep(5);
  const error = (value: string) => ({ type: 'error', value });
  assert.deepEqual(received, [
    ...Array(4).fill(error('webrtc: the value is no offer')),
    error('webrtc: sdp: syntax error'),
  ]);
  assert.equal(webrtc.asked.at(-1)!.role, 'publish');
  socket.close();
});
