/**
 * The signalling of products that are WebRTC peers, each with a werift camera behind it, as their clients see them.
 * `asked` keeps what came, for tests to look at.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Feed } from './feed.ts';
import { splitCandidates, WebrtcCamera } from './webrtc-camera.ts';

export interface Signaling {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  readonly asked: { readonly path: string; readonly message: Record<string, unknown> }[];
  readonly cameras: readonly WebrtcCamera[];
  /** WebSockets that are open. */
  readonly sockets: number;
  close(): Promise<void>;
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64');
const decode = (text: unknown): Record<string, unknown> =>
  JSON.parse(Buffer.from(String(text), 'base64').toString());

export async function startSignaling(feeds: readonly Feed[]): Promise<Signaling> {
  const asked: { path: string; message: Record<string, unknown> }[] = [];
  const cameras: WebrtcCamera[] = [];
  const openCamera = (): WebrtcCamera => {
    const camera = new WebrtcCamera(feeds);
    cameras.push(camera);
    return camera;
  };
  const sessions = new Map<string, WebrtcCamera>();

  /** Amazon's: the answer without candidates, which come one by one; and a message that was cut off. */
  const kinesis = (socket: WebSocket, path: string): void => {
    const camera = openCamera();
    const send = (messageType: string, payload: object): void =>
      socket.send(JSON.stringify({ messageType, messagePayload: encode(payload) }));
    socket.on('message', async (data) => {
      const { action, recipientClientId, messagePayload } = JSON.parse(String(data));
      const message = decode(messagePayload);
      asked.push({ path, message: { action, recipientClientId, ...message } });
      if (action === 'ICE_CANDIDATE') await camera.addCandidate(String(message.candidate));
      if (action !== 'SDP_OFFER') return;
      const { sdp, candidates } = splitCandidates(await camera.answer(String(message.sdp)));
      socket.send('{"messageType":"SDP_ANS');
      send('SDP_ANSWER', { type: 'answer', sdp });
      for (const candidate of candidates) send('ICE_CANDIDATE', { candidate, sdpMid: '0', sdpMLineIndex: 0 });
    });
  };

  const openIpc = async (socket: WebSocket, path: string): Promise<void> => {
    const camera = openCamera();
    socket.on('message', async (data) => {
      const message = JSON.parse(String(data));
      asked.push({ path, message });
      if (message.req === 'answer') await camera.accept(message.data);
      if (message.req === 'candidate') await camera.addCandidate(message.data);
    });
    const { sdp, candidates } = splitCandidates(await camera.offer());
    socket.send(JSON.stringify({ reply: 'webrtc_answer', data: { type: 'offer', sdp } }));
    for (const candidate of candidates)
      socket.send(JSON.stringify({ reply: 'webrtc_candidate', data: { candidate } }));
  };

  const onRequest = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', url = '', headers } = request;
    const body = await textOf(request);
    const json = (value: object): void =>
      void response.setHeader('content-type', 'application/json').end(JSON.stringify(value));
    asked.push({
      path: url,
      message: { method, body, authorization: headers.authorization, type: headers['content-type'] },
    });
    if (url === '/signaling/cam?kvs')
      json({
        result: 'ok',
        cam: 'cam',
        ClientId: 'wyze-client',
        signalingUrl: `ws://${host}/kinesis?signed=1`,
        servers: [],
      });
    else if (url === '/creality') {
      const answer = await openCamera().answer(String(decode(body).sdp));
      response.end(encode({ type: 'answer', sdp: crealityWay(answer) }));
    } else if (url === '/api/IDP/connect/token') {
      const form = new URLSearchParams(body);
      const known = form.get('username') === 'user' && form.get('password') === 'pass';
      if (known && form.get('client_id') === 'GrantValidatorClient')
        json({ access_token: 'milestone-token' });
      else response.writeHead(400).end('{"error":"invalid_grant"}');
    } else if (headers.authorization !== 'Bearer milestone-token') response.writeHead(401).end();
    else if (url === '/api/REST/v1/WebRTC/Session' && method === 'POST') {
      const camera = openCamera();
      const sessionId = `session-${sessions.size}`;
      sessions.set(sessionId, camera);
      json({ sessionId, offerSDP: JSON.stringify({ type: 'offer', sdp: await camera.offer() }) });
    } else if (method === 'PATCH') {
      await sessions.get(url.split('/').at(-1)!)!.accept(JSON.parse(JSON.parse(body).answerSDP).sdp);
      json({});
    } else response.writeHead(404).end();
  };

  const server = createServer((request, response) => void onRequest(request, response));
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket, { url = '' }) => {
    if (url.startsWith('/openipc')) void openIpc(socket, url);
    else kinesis(socket, url);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    host,
    asked,
    cameras,
    get sockets() {
      return sockets.clients.size;
    },
    async close() {
      await Promise.all(cameras.map((camera) => camera.close()));
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      server.close();
    },
  };
}

/** A format before the one that is sent, and a second `fmtp` of that one. */
function crealityWay(sdp: string): string {
  const [, type] = /^m=video \d+ \S+ (\d+)/m.exec(sdp)!;
  return sdp
    .replace(/^(m=video \d+ \S+) /m, '$1 39 ')
    .replace(
      new RegExp(`^a=rtpmap:${type} .*$`, 'm'),
      (line) => `a=rtpmap:39 H265/90000\r\na=fmtp:${type} x-google-start-bitrate=1200\r\n${line}`,
    );
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}
