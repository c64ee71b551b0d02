/**
 * Home Assistant core, as far as its cameras go: the WebSocket API, HLS and pictures under its own addresses, and the
 * proxy of a Supervisor in front of it. A camera is a WebRTC peer, a stream that another server has, or pictures.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Feed } from './feed.ts';
import { splitCandidates, WebrtcCamera } from './webrtc-camera.ts';

export interface FakeEntity {
  readonly id: string;
  readonly name?: string;
  readonly platform?: string;
  /** Default: the id. */
  readonly uniqueId?: string;
  readonly state?: string;
  /** What it sends by WebRTC. */
  readonly feeds?: readonly Feed[];
  /** Its WebRTC fails with this. */
  readonly refuses?: string;
  /** `http://…/api/` of a server, and the stream there, which it shows by HLS. */
  readonly hls?: { readonly api: string; readonly stream: string };
  readonly jpeg?: Buffer;
  /** Lists HLS without having it, as core's demo does. */
  readonly claims?: boolean;
}

export interface HassCore {
  /** `127.0.0.1:PORT`; as a Supervisor as well. */
  readonly host: string;
  /** Commands in order. */
  readonly asked: readonly Readonly<Record<string, unknown>>[];
  /** Paths in order, with how they were authorized. */
  readonly requests: readonly string[];
  /** WebSockets that are open. */
  readonly sockets: number;
  readonly cameras: readonly WebrtcCamera[];
  close(): Promise<void>;
}

const PICTURES_MS = 100;

export async function startHassCore(token: string, entities: readonly FakeEntity[]): Promise<HassCore> {
  const asked: Record<string, unknown>[] = [];
  const requests: string[] = [];
  const cameras: WebrtcCamera[] = [];
  const find = (id: unknown): FakeEntity => {
    const entity = entities.find((item) => item.id === id);
    if (!entity) throw new Error('not_found');
    return entity;
  };

  const commands: Readonly<Record<string, (message: Record<string, unknown>) => unknown>> = {
    get_states: () => [
      { entity_id: 'light.desk', state: 'on', attributes: {} },
      ...entities.map(({ id, name, state = 'idle' }) => ({
        ...{ entity_id: id, state },
        attributes: { friendly_name: name, brand: 'Acme', model_name: 'C-1' },
      })),
    ],
    'config/entity_registry/list': () =>
      entities.map(({ id, platform = 'generic', uniqueId = id }) => ({
        entity_id: id,
        platform,
        unique_id: uniqueId,
      })),
    'config/entity_registry/get': ({ entity_id }) => ({
      entity_id,
      platform: find(entity_id).platform ?? 'generic',
    }),
    'camera/capabilities': ({ entity_id }) => {
      const { feeds, refuses, hls, claims } = find(entity_id);
      return {
        frontend_stream_types: [...(hls || claims ? ['hls'] : []), ...(feeds || refuses ? ['web_rtc'] : [])],
      };
    },
    'camera/webrtc/get_client_config': () => ({ configuration: { iceServers: [] } }),
    'camera/webrtc/candidate': async ({ candidate }) => {
      await cameras.at(-1)?.addCandidate(String((candidate as { candidate: string }).candidate));
      return null;
    },
    'camera/stream': ({ entity_id }) => {
      const { hls, id } = find(entity_id);
      if (!hls) throw new Error(`Camera ${id} does not support streaming`);
      return { url: `/api/hls/${id}/master_playlist.m3u8` };
    },
  };

  const offer = async (socket: WebSocket, { id, entity_id, offer }: Record<string, unknown>) => {
    const { feeds = [], refuses } = find(entity_id);
    const tell = (event: object): void => socket.send(JSON.stringify({ id, type: 'event', event }));
    socket.send(JSON.stringify({ id, type: 'result', success: true, result: null }));
    tell({ type: 'session', session_id: 'session-1' });
    if (refuses) return tell({ type: 'error', code: 'webrtc_offer_failed', message: refuses });
    const camera = new WebrtcCamera(feeds);
    cameras.push(camera);
    const { sdp, candidates } = splitCandidates(await camera.answer(String(offer)));
    tell({ type: 'answer', answer: sdp });
    for (const candidate of candidates)
      tell({ type: 'candidate', candidate: { candidate, sdpMid: '0', sdpMLineIndex: 0 } });
  };

  const converse = (socket: WebSocket): void => {
    const send = (message: object): void => socket.send(JSON.stringify(message));
    let isKnown = false;
    send({ type: 'auth_required', ha_version: '2026.11.0' });
    socket.on('message', async (data) => {
      const message = JSON.parse(String(data)) as Record<string, unknown>;
      if (!isKnown) {
        isKnown = message.type === 'auth' && message.access_token === token;
        if (isKnown) return send({ type: 'auth_ok', ha_version: '2026.11.0' });
        send({ type: 'auth_invalid', message: 'Invalid access token or password' });
        return socket.close();
      }
      asked.push(message);
      const { id, type } = message;
      try {
        if (type === 'camera/webrtc/offer') return await offer(socket, message);
        const command = commands[String(type)];
        if (!command) throw new Error('unknown_command');
        send({ id, type: 'result', success: true, result: await command(message) });
      } catch (error) {
        const code = (error as Error).message;
        send({ id, type: 'result', success: false, error: { code, message: code } });
      }
    });
  };

  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<unknown> => {
    const isKnown = request.headers.authorization === `Bearer ${token}`;
    requests.push(`${request.url}${isKnown ? ' token' : ''}`);
    const bySupervisor = request.url?.startsWith('/core/') ?? false;
    if (bySupervisor && !isKnown) return response.writeHead(401).end();
    const url = new URL(request.url?.replace(/^\/core\//, '/') ?? '/', 'http://core');
    const [, id = '', rest = ''] = /^\/api\/hls\/([^/]+)\/(.*)$/.exec(url.pathname) ?? [];
    if (id) {
      const { hls } = find(id);
      const path = rest === 'master_playlist.m3u8' ? `stream.m3u8?src=${hls?.stream}&mp4` : rest + url.search;
      const answer = await fetch(`${hls?.api}${path}`);
      response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' });
      return response.end(Buffer.from(await answer.arrayBuffer()));
    }
    const [, kind, entity] = /^\/api\/(camera_proxy(?:_stream)?)\/(camera\.\w+)$/.exec(url.pathname) ?? [];
    const jpeg = entities.find((item) => item.id === entity)?.jpeg;
    if (!isKnown || !jpeg) return response.writeHead(isKnown ? 404 : 401).end();
    if (kind === 'camera_proxy') return response.writeHead(200, { 'content-type': 'image/jpeg' }).end(jpeg);
    // A Supervisor reads an answer to its end before it passes it on: never, here.
    if (bySupervisor) return undefined;
    response.writeHead(200, { 'content-type': 'multipart/x-mixed-replace; boundary=frameboundary' });
    const timer = setInterval(() => {
      response.write(`--frameboundary\r\nContent-Type: image/jpeg\r\nContent-Length: ${jpeg.length}\r\n\r\n`);
      response.write(Buffer.concat([jpeg, Buffer.from('\r\n')]));
    }, PICTURES_MS);
    return response.once('close', () => clearInterval(timer));
  };

  const server = createServer(
    (request, response) => void respond(request, response).catch(() => response.destroy()),
  );
  const sockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket, head) => {
    if (!/^\/(?:api|core)\/websocket$/.test(request.url ?? '')) return socket.destroy();
    sockets.handleUpgrade(request, socket, head, converse);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    requests,
    cameras,
    get sockets() {
      return sockets.clients.size;
    },
    async close() {
      for (const socket of sockets.clients) socket.terminate();
      server.close();
      server.closeAllConnections();
      await Promise.all(cameras.map((camera) => camera.close()));
    },
  };
}
