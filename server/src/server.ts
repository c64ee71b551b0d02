/** Wires the parts: configuration → streams → RTSP, WebRTC, API. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ApiSettings } from './api/context.ts';
import { startApi } from './api/server.ts';
import { API_EDITION, serverId } from './api/server-info.ts';
import { grantFor, Tokens } from './api/tokens.ts';
import { Cameras } from './cameras/cameras.ts';
import { IntegrationPresence } from './cameras/integration-presence.ts';
import { isLoopbackHost, parseListen } from './config/listen.ts';
import { logSettings } from './config/log.ts';
import type { Config } from './config/schema.ts';
import { openState, statePathFor } from './config/state.ts';
import type { ConfigStore } from './config/store.ts';
import { type StreamConfig, streamList } from './config/streams.ts';
import { transcodeConfig } from './config/transcode.ts';
import { configNotes } from './config-notes.ts';
import { type OpenSource, Streams } from './core/streams.ts';
import { DEMO_STREAM } from './demo.ts';
import type { ServerAccess } from './formats/accepted-users.ts';
import { createTalkEncoders } from './formats/ffmpeg/talk-encoder.ts';
import { Templates } from './formats/ffmpeg/templates.ts';
import type { OpenContext, RunningService, Services } from './formats/format.ts';
import { FORMATS } from './formats/index.ts';
import { isModuleOn } from './formats/modules.ts';
import { openSource } from './formats/open.ts';
import { type RtspServer, type RtspServerOptions, startRtspServer } from './formats/rtsp/server.ts';
import { createTranscoder } from './formats/transcode/transcoder.ts';
import { createWebrtc, type WebrtcServer } from './formats/webrtc/server.ts';
import type { Addon } from './homeassistant/addon.ts';
import { startCameraMqtt } from './homeassistant/mqtt/start.ts';
import { configureLog, createLogger } from './util/log.ts';
import { warmUp } from './warm-up.ts';

export interface RunningServer {
  /** Has the code compiled that viewers need most. Never rejects. */
  warmUp(): Promise<void>;
  close(): Promise<void>;
}

/** Starts everything the configuration asks for. Rejects with StreamError when the API cannot listen. `addon`: it runs as one. */
export async function startServer(
  store: ConfigStore,
  shutdown: ApiSettings['shutdown'],
  addon?: Addon,
): Promise<RunningServer> {
  const config = store.current;
  configureLog(logSettings(config.log));
  const log = createLogger('app');
  for (const { source, line, column, path, message } of store.problems) {
    log.warn('config', { at: `${source}:${line}:${column}`, path, problem: message });
  }
  for (const note of configNotes(config)) log.warn('config', { ...note });
  let rtsp: RtspServer | undefined;
  let webrtc: WebrtcServer | undefined;
  let privateRtsp: Promise<RtspServer> | undefined;
  /** Where programs publish and read streams back: the public RTSP server, or one of our own on loopback. */
  const rtspForPrograms = async (): Promise<RtspServer> => {
    if (rtsp) return rtsp;
    privateRtsp ??= startRtspServer({ listen: '127.0.0.1:0', streams, log: createLogger('rtsp') });
    return privateRtsp;
  };
  const streams = new Streams((text, stream, signal) => openSource(text, contextFor(stream, signal), true), {
    findTalkEncoder: createTalkEncoders(() => String(services.section('ffmpeg').bin ?? 'ffmpeg')),
    transcoder: createTranscoder({
      config: (stream) => transcodeConfig(store.current, stream),
      templates: () => new Templates(services.section('ffmpeg')),
      log: createLogger('transcode'),
    }),
  });
  const access: ServerAccess = addon ? { keys: [addon.key], requireCredentials: !addon.isOpen } : {};
  const services: Services = {
    streams,
    access,
    section: (name) => (store.current as unknown as Record<string, Record<string, unknown>>)[name] ?? {},
    open: (text, context) => openSource(text, context, false),
    rtspBase: async () => (await rtspForPrograms()).base(),
    expectPublisher: async (path, signal) => (await rtspForPrograms()).expectPublisher(path, signal),
    webrtc: () => webrtc,
  };
  const contextFor = (stream: string, signal: AbortSignal): OpenContext => ({
    stream,
    signal,
    log: createLogger('source', { stream }),
    services,
  });
  for (const { name, sources } of configuredStreams(store)) streams.set(name, sources);
  const tokens = new Tokens();
  const admits = (token: string, name: string) =>
    grantFor(tokens.find(token), streams.get(name), store.current);
  const cameras = new Cameras(store, services);
  if (isModuleOn('rtsp', config.app)) {
    rtsp = await startPublicRtsp(config, streams, { admits, ...access });
  }
  if (isModuleOn('webrtc', config.app)) webrtc = await startWebrtc(config);
  const running = await startServices(services);
  const state = addon?.state ?? openState(store.file && statePathFor(store.file.path));
  const integrations = new IntegrationPresence();
  const api = await startApi({
    store,
    webrtc,
    streams,
    services,
    cameras,
    state,
    integrations,
    rtspListen: () => rtsp?.address,
    tokens,
    pageDirectory: pageDirectory(),
    shutdown,
    ...access,
    ...(addon && addonSettings(addon)),
  });
  if (addon) {
    const { reach, started } = addon;
    void reach.then(api.listenAlso).then(() => started({ id: serverId(state), addresses: api.addresses }));
    integrations.onChange(() => addon.integrationConnected(integrations.version));
  }
  const mqtt = startCameraMqtt({
    serverId: serverId(state),
    store,
    state,
    cameras,
    integrations,
    broker: async () => addon?.broker(),
  });
  const zeroconf = await startAnnouncing(api.addresses, serverId(state), config);
  return {
    async warmUp() {
      const open: OpenSource = (text, stream, signal) => openSource(text, contextFor(stream, signal), false);
      if (isModuleOn('rtsp', config.app)) await warmUp(open);
    },
    async close() {
      await mqtt.close();
      await zeroconf?.close();
      await api.close();
      await Promise.all(running.map((service) => service.close()));
      webrtc?.close();
      cameras.close();
      streams.close();
      await rtsp?.close();
      await (await privateRtsp)?.close();
    },
  };
}

/** Tells the local network of the API, where that listens there; the code for it is loaded only then. */
async function startAnnouncing(listens: readonly string[], id: string, { api, app }: Config) {
  // What is encrypted or a file has no place in the announcement.
  const addresses = listens.filter((address) => address !== api.unix_listen && address !== api.tls_listen);
  const isOpen = addresses.some((address) => !isLoopbackHost(parseListen(address)?.host));
  if (!isOpen || !isModuleOn('mdns', app)) return undefined;
  const { startZeroconf } = await import('./homeassistant/zeroconf.ts');
  const log = createLogger('mdns');
  return startZeroconf({ id, api: API_EDITION, addresses, basePath: api.base_path, log });
}

/** What the API takes from Home Assistant. */
function addonSettings(addon: Addon): Partial<ApiSettings> {
  const { conflicts } = addon;
  return {
    importFrom: () => addon.importFrom(),
    serverExtras: () => {
      const { installed, bundled, restartRequired } = addon.integration;
      return {
        addon: true,
        conflicts,
        integration: { connected: false, installed, bundled, restart_required: restartRequired },
      };
    },
    onServerChange: (changed) => addon.onChange(changed),
  };
}

/** A port in use costs RTSP, not the rest of the server. */
async function startPublicRtsp(
  { rtsp }: Config,
  streams: Streams,
  access: Pick<RtspServerOptions, 'admits' | keyof ServerAccess>,
): Promise<RtspServer | undefined> {
  const log = createLogger('rtsp');
  if (rtsp.listen === '') return undefined;
  try {
    const server = await startRtspServer({
      listen: rtsp.listen,
      username: rtsp.username,
      password: rtsp.password,
      defaultQuery: rtsp.default_query,
      packetSize: rtsp.pkt_size,
      ...access,
      streams,
      log,
    });
    return server;
  } catch (error) {
    log.error('listen', { error });
    return undefined;
  }
}

async function startWebrtc({ webrtc }: Config): Promise<WebrtcServer | undefined> {
  const log = createLogger('webrtc');
  const { listen, candidates, ice_servers: iceServers, filters } = webrtc;
  try {
    const server = await createWebrtc({ listen, candidates, iceServers, filters, log });
    log.info('listen', { addr: listen || `:${server.port}` });
    return server;
  } catch (error) {
    log.error('listen', { error });
    return undefined;
  }
}

/** Servers and announcers of the table; one that cannot start costs only itself. */
async function startServices(services: Services): Promise<RunningService[]> {
  const running: RunningService[] = [];
  for (const { name, service } of FORMATS) {
    if (!service || !isModuleOn(name, services.section('app'))) continue;
    const log = createLogger(name);
    try {
      const started = await (await service()).start({ services, log });
      if (!started) continue;
      running.push(started);
      log.info('listen', started.address ? { addr: started.address } : {});
    } catch (error) {
      log.error('listen', { error });
    }
  }
  return running;
}

/** The streams of the config; a server without a config file shows a demo. */
function configuredStreams(store: ConfigStore): readonly StreamConfig[] {
  const configured = streamList(store.current);
  const unconfigured = configured.length === 0 && !(store.file && existsSync(store.file.path));
  return unconfigured ? [DEMO_STREAM] : configured;
}

/** The built page: beside the bundle, or where `npm run build` leaves it when the sources run. */
function pageDirectory(): string | undefined {
  const here = import.meta.dirname;
  return [join(here, 'ui'), join(here, '../dist/ui')].find((directory) => existsSync(directory));
}
