/** Wires the parts: configuration → streams → RTSP, WebRTC, API. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ApiSettings } from './api/context.ts';
import { startApi } from './api/server.ts';
import { logSettings } from './config/log.ts';
import type { ConfigStore } from './config/store.ts';
import { type StreamConfig, streamList } from './config/streams.ts';
import { Streams } from './core/streams.ts';
import { DEMO_STREAM } from './demo.ts';
import type { OpenContext, Services } from './formats/format.ts';
import { openSource } from './formats/open.ts';
import { configureLog, createLogger } from './util/log.ts';

export interface RunningServer {
  close(): Promise<void>;
}

/** Starts everything the configuration asks for. Rejects with StreamError when the API cannot listen. */
export async function startServer(
  store: ConfigStore,
  shutdown: ApiSettings['shutdown'],
): Promise<RunningServer> {
  const config = store.current;
  configureLog(logSettings(config.log));
  const log = createLogger('app');
  for (const { source, line, column, path, message } of store.problems) {
    log.warn('config', { at: `${source}:${line}:${column}`, path, problem: message });
  }
  const streams = new Streams((text, stream, signal) => openSource(text, contextFor(stream, signal), true));
  const services: Services = {
    streams,
    section: (name) => (store.current as unknown as Record<string, Record<string, unknown>>)[name] ?? {},
    open: (text, context) => openSource(text, context, false),
    rtspBase: async () => '',
    expectPublisher: () => Promise.reject(new Error('')),
  };
  const contextFor = (stream: string, signal: AbortSignal): OpenContext => ({
    stream,
    signal,
    log: createLogger('source'),
    services,
  });
  for (const { name, sources } of configuredStreams(store)) streams.set(name, sources);
  const api = await startApi({
    store,
    streams,
    services,
    rtspListen: () => undefined,
    pageDirectory: pageDirectory(),
    shutdown,
  });
  return {
    async close() {
      await api.close();
      streams.close();
    },
  };
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
