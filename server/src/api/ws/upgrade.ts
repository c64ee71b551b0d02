/**
 * HTTP → WebSocket: the same rules on who may ask as for every request, then a session (`/api/ws`), the news of the cameras
 * (`/api/events`) or the tracker for shares (`/api/webtorrent`).
 */
import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocket, WebSocketServer } from 'ws';
import { Tracker } from '../../formats/webtorrent/tracker.ts';
import type { ApiContext } from '../context.ts';
import { describeFailure, HttpError } from '../errors.ts';
import type { RouteAccess } from '../roles.ts';
import { serveEvents } from './events.ts';
import { type MessageModule, serveSocket } from './session.ts';

export interface Upgrades {
  readonly handle: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  close(): void;
}

const MAX_MESSAGE_BYTES = 256 << 10;
const PING_MS = 30_000;

const SESSION = '/api/ws';
const EVENTS = '/api/events';
const TRACKER = '/api/webtorrent';
const SOCKETS: ReadonlyMap<string, RouteAccess> = new Map([
  [SESSION, { openTo: 'token' }],
  [EVENTS, { openTo: 'viewer' }],
  [TRACKER, {}],
]);

const HANDLERS: Readonly<Record<string, () => Promise<MessageModule>>> = {
  mse: () => import('./mse.ts'),
  mp4: () => import('./mp4.ts'),
  hls: () => import('./hls.ts'),
  mjpeg: () => import('./mjpeg.ts'),
  stop: () => import('./stop.ts'),
  webrtc: () => import('./webrtc.ts'),
  'webrtc/offer': () => import('./webrtc.ts'),
  'webrtc/candidate': () => import('./webrtc.ts'),
};

export function createUpgrades(context: ApiContext): Upgrades {
  let loading: Promise<WebSocketServer> | undefined;
  const server = (): Promise<WebSocketServer> => {
    loading ??= import('ws').then(
      (ws) =>
        new ws.WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: MAX_MESSAGE_BYTES }),
    );
    return loading;
  };
  const tracker = new Tracker();
  const answered = new WeakSet<WebSocket>();
  const pings = setInterval(async () => {
    if (!loading) return;
    for (const websocket of (await loading).clients) {
      if (!answered.delete(websocket)) websocket.terminate();
      else websocket.ping();
    }
  }, PING_MS).unref();

  async function handle(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const { api } = context.store.current;
    const [path = '', query = ''] = (request.url ?? '').split('?', 2);
    const name = path.startsWith(api.base_path) ? path.slice(api.base_path.length) : '';
    const access = SOCKETS.get(name);
    const parameters = new URLSearchParams(query);
    const client = await context.admit(request, access ?? {}, parameters);
    if (!access || (api.allow_paths && !api.allow_paths.includes(path))) {
      throw new HttpError(404, '404 page not found');
    }
    const { remoteAddress, userAgent } = client;
    const websockets = await server();
    websockets.handleUpgrade(request, socket, head, (websocket) => {
      answered.add(websocket);
      websocket.on('pong', () => answered.add(websocket));
      if (name === TRACKER) tracker.attach(websocket);
      else if (name === EVENTS) serveEvents(context, client, websocket);
      else {
        const connection = { websocket, socket, remoteAddress, userAgent };
        serveSocket(context, client, connection, parameters, HANDLERS);
      }
    });
  }

  return {
    handle(request, socket, head) {
      socket.on('error', () => {});
      handle(request, socket, head).catch((error) => refuse(socket, error));
    },
    close() {
      clearInterval(pings);
      void loading?.then((websockets) => {
        for (const websocket of websockets.clients) websocket.terminate();
      });
    },
  };
}

function refuse(socket: Duplex, error: unknown): void {
  const { status, text } = describeFailure(error);
  const body = `${text}\n`;
  const asksForPassword = error instanceof HttpError && error.asksForPassword;
  const challenge = asksForPassword ? 'WWW-Authenticate: Basic realm="porthole"\r\n' : '';
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n${challenge}` +
      'Content-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n' +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
