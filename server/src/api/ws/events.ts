/**
 * `GET /api/events`, a WebSocket: all cameras, and then each change of them, as docs/api.md says.
 *
 *   ← {"type":"state","server":{…},"cameras":[…]}
 *   ← {"type":"camera","camera":{…}}   {"type":"event","id":"door","event":"ring",…}   …
 *   → {"type":"hello","client":"home-assistant","version":"0.1.0"}
 */
import type { WebSocket } from 'ws';
import type { CameraState } from '../../cameras/camera-state.ts';
import type { Client } from '../access.ts';
import { cameraView } from '../camera-view.ts';
import type { ApiContext } from '../context.ts';
import { serverInfo } from '../server-info.ts';

/** Who reads more slowly than this much waits is closed, and begins anew with all of the state. */
const MAX_WAITING_BYTES = 1 << 20;
const MAX_VERSION = 50;

/** Tells the client of every change until the socket closes. */
export function serveEvents(context: ApiContext, client: Client, websocket: WebSocket): void {
  const { cameras, changes, integrations } = context;
  const send = (message: object): void => {
    if (websocket.readyState !== websocket.OPEN) return;
    if (websocket.bufferedAmount > MAX_WAITING_BYTES) websocket.terminate();
    else websocket.send(JSON.stringify(message));
  };
  const view = (camera: CameraState): CameraState => cameraView(camera, client);
  let leave = (): void => {};
  send({ type: 'state', server: serverInfo(context, client), cameras: cameras.told().map(view) });
  const ends = [
    cameras.onChange((change) =>
      send(change.type === 'camera' ? { ...change, camera: view(change.camera) } : change),
    ),
    changes.onServerChange(() => send({ type: 'server', server: serverInfo(context, client) })),
  ];
  websocket.on('message', (data, isBinary) => {
    const version = isBinary || client.role !== 'admin' ? undefined : integrationVersion(data.toString());
    if (version === undefined) return;
    leave();
    leave = integrations.arrive(version);
  });
  websocket.on('error', () => websocket.terminate());
  websocket.on('close', () => {
    for (const end of ends) end();
    leave();
  });
}

/** The version in a `hello` of an integration; undefined for anything else. */
export function integrationVersion(text: string): string | undefined {
  try {
    const { type, client, version } = JSON.parse(text) as Record<string, unknown>;
    if (type !== 'hello' || client !== 'home-assistant' || typeof version !== 'string') return undefined;
    return version.slice(0, MAX_VERSION);
  } catch {
    return undefined;
  }
}
