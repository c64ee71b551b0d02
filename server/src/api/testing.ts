/** A running API on a free loopback port, with cameras that do as told, for the tests of this folder. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { type OutgoingHttpHeaders, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cameras } from '../cameras/cameras.ts';
import { IntegrationPresence } from '../cameras/integration-presence.ts';
import type { Codec } from '../codecs/codec.ts';
import { openState, statePathFor } from '../config/state.ts';
import { openConfigStore } from '../config/store.ts';
import { streamList } from '../config/streams.ts';
import { StreamError } from '../core/errors.ts';
import type { Producer } from '../core/model.ts';
import { Streams } from '../core/streams.ts';
import { FakeCamera, H264 } from '../core/testing.ts';
import type { Services } from '../formats/format.ts';
import { configureLog } from '../util/log.ts';
import type { ApiSettings } from './context.ts';
import { startApi } from './server.ts';

configureLog({ level: 'info', write: undefined });

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  readonly text: string;
  /** The body as JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many shapes
  readonly json: any;
}

export interface Ask {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Buffer;
  readonly socketPath?: string;
}

/** Starts an API with this config file. Sources open as cameras: `fail:` and `rtsp://fail` fail, all others have h264. */
export async function startTestApi(text = '', more: Partial<ApiSettings> = {}, listen = '127.0.0.1:0') {
  const path = join(mkdtempSync(join(tmpdir(), 'porthole-api-')), 'porthole.yaml');
  writeFileSync(path, text);
  const store = openConfigStore(
    [
      { kind: 'file', path },
      { kind: 'key', path: ['api', 'listen'], text: listen },
    ],
    { environment: {} },
  );
  const cameras: FakeCamera[] = [];
  const opened: string[] = [];
  const nextCodecs: Codec[][] = [];
  const open = async (source: string): Promise<Producer> => {
    if (/^(?:fail:|rtsp:\/\/(?:[^/@]*@)?fail)/.test(source))
      throw new StreamError('unreachable', `${source}: connection refused`);
    opened.push(source);
    const camera = new FakeCamera(...(nextCodecs.shift() ?? [H264]));
    cameras.push(camera);
    return camera;
  };
  const streams = new Streams(open, { lingerMs: 0 });
  for (const { name, sources } of streamList(store.current)) streams.set(name, sources);
  const shutdowns: unknown[] = [];
  const services = { streams, open, section: () => ({}) } as unknown as Services;
  const cameraStates = new Cameras(store, services);
  const api = await startApi({
    store,
    streams,
    services,
    cameras: cameraStates,
    state: openState(statePathFor(path)),
    integrations: new IntegrationPresence(),
    rtspListen: () => '127.0.0.1:8554',
    shutdown: (how) => void shutdowns.push(how),
    ...more,
  });
  const host = api.addresses[0]!;

  return {
    store,
    streams,
    cameraStates,
    /** All that were opened, the last one last. */
    cameras,
    /** Their sources. */
    opened,
    /** What the next sources have instead of h264. */
    nextCodecs,
    shutdowns,
    path,
    host,
    /** Where ingress is listened for, if it is. */
    ingressHost: api.ingressAddress ?? '',
    ask: (target: string, ask?: Ask, at = host) => send(at, target, ask),
    close: async () => {
      cameraStates.close();
      streams.close();
      await api.close();
    },
  };
}

export type TestApi = Awaited<ReturnType<typeof startTestApi>>;

function send(host: string, target: string, { method = 'GET', headers = {}, body, socketPath }: Ask = {}) {
  const place = socketPath ? { socketPath, headers: { host: 'localhost', ...headers } } : { headers };
  return new Promise<Answer>((resolve, reject) => {
    const sent = request(`http://${host}${target}`, { method, agent: false, ...place }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const received = Buffer.concat(chunks);
        resolve({
          status: response.statusCode!,
          headers: response.headers,
          body: received,
          text: received.toString(),
          get json() {
            return JSON.parse(received.toString());
          },
        });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
