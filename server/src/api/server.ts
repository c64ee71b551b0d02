/** The HTTP API: the application and its sockets on the addresses of the config. */

import type { Config } from '../config/schema.ts';
import { streamList } from '../config/streams.ts';
import type { Streams } from '../core/streams.ts';
import { HlsSessions } from '../formats/hls/sessions.ts';
import { Shares } from '../formats/webtorrent/shares.ts';
import { createLogger, type Logger } from '../util/log.ts';
import { createAdmission } from './admission.ts';
import { createApp } from './app.ts';
import { Changes } from './changes.ts';
import type { ApiContext, ApiSettings } from './context.ts';
import { IngressRequests, openIngress } from './ingress.ts';
import { type Handlers, type Listeners, openListeners } from './listeners.ts';
import { openOnvifListeners } from './onvif-listeners.ts';
import { Players } from './players.ts';
import { Preloads } from './preloads.ts';
import { Previews } from './previews.ts';
import { Publications } from './publications.ts';
import { SourceOwners } from './source-owners.ts';
import { Tokens } from './tokens.ts';
import { createUpgrades } from './ws/upgrade.ts';

export interface RunningApi {
  /** Where it listens: `:1984`, `127.0.0.1:1984`, a socket's path. */
  readonly addresses: readonly string[];
  /** Where the listener for ingress listens. */
  readonly ingressAddress: string | undefined;
  /** Listens in more places, which were not known at the start. What cannot be had is logged. */
  listenAlso(places: Pick<ApiSettings, 'extraListen' | 'ingress'>): Promise<void>;
  close(): Promise<void>;
}

/** Cameras get a moment before others are told of them. */
const PUBLISH_AFTER_MS = 1000;

/** Starts the API, the preloads and the publications of the config; edits of the config file reach the streams. Rejects with StreamError if it cannot listen. */
export async function startApi(settings: ApiSettings): Promise<RunningApi> {
  const { store, streams, services } = settings;
  const log = createLogger('api');
  const { tokens = new Tokens(), ingress } = settings;
  const ingressRequests = new IngressRequests();
  const context: ApiContext = {
    ...settings,
    log,
    tokens,
    admit: createAdmission({ ...settings, tokens, ingress: ingressRequests }),
    changes: new Changes(store, log),
    owners: new SourceOwners(),
    preloads: new Preloads(streams, log),
    previews: new Previews(streams),
    publications: new Publications(services, createLogger('publish')),
    players: new Players(services, log, (stream, playing) => settings.cameras.setPlaying(stream, playing)),
    hls: new HlsSessions(),
    shares: new Shares(services, createLogger('webtorrent')),
  };
  const app = await createApp(context);
  const upgrades = createUpgrades(context);
  const handlers: Handlers = {
    request: (request, response) => app.routing(request, response),
    upgrade: upgrades.handle,
  };
  const listeners = await openListeners({ ...settings, api: store.current.api }, handlers, log);
  const added: Pick<Listeners, 'close'>[] = [];
  let ingressAddress: string | undefined;
  let closed = false;
  const listenAlso: RunningApi['listenAlso'] = async ({ extraListen = [], ingress }) => {
    const { api } = store.current;
    const nowhere = { ...api, listen: '', tls_listen: '', unix_listen: '' };
    const more = await openListeners({ ...settings, extraListen, api: nowhere }, handlers, log).catch(
      () => undefined,
    );
    const through =
      ingress &&
      (await tryToListen(createLogger('ingress'), (log) =>
        openIngress(ingress, ingressRequests, api.base_path, handlers, log),
      ));
    ingressAddress ??= through?.address;
    const opened = [more, through].filter((each) => each !== undefined);
    added.push(...opened);
    if (closed) await Promise.all(opened.map((each) => each.close()));
  };
  if (ingress) await listenAlso({ ingress });
  const onvifListeners = await openOnvifListeners(
    store.current,
    settings,
    handlers.request,
    createLogger('onvif'),
  );
  context.preloads.apply(store.current.preload);
  context.shares.apply(store.current.webtorrent.shares);
  const publishing = setTimeout(() => context.publications.apply(store.current.publish), PUBLISH_AFTER_MS);
  streams.onChange((name) => {
    // Another stream of this name would be another camera.
    if (!streams.get(name)) tokens.revoke(({ stream }) => stream === name);
  });
  store.onChange((now, before) => {
    applyStreams(streams, now, before);
    context.preloads.apply(now.preload, before.preload);
    context.publications.apply(now.publish, before.publish);
    context.shares.apply(now.webtorrent.shares);
    context.changes.serverChanged();
  });
  settings.integrations.onChange(() => context.changes.serverChanged());
  settings.onServerChange?.(() => context.changes.serverChanged());
  return {
    addresses: listeners.addresses,
    ingressAddress,
    listenAlso,
    async close() {
      closed = true;
      clearTimeout(publishing);
      context.preloads.close();
      context.previews.close();
      context.publications.close();
      context.players.close();
      context.hls.close();
      context.shares.close();
      upgrades.close();
      await listeners.close();
      await Promise.all(added.map((each) => each.close()));
      await onvifListeners.close();
      await app.close();
    },
  };
}

/** A listener that cannot be had costs only itself. */
async function tryToListen<T>(log: Logger, listen: (log: Logger) => Promise<T>): Promise<T | undefined> {
  try {
    return await listen(log);
  } catch (error) {
    log.error('listen', { error });
    return undefined;
  }
}

/** Only streams whose entry changed are touched: others may have been given other sources since. */
function applyStreams(streams: Streams, now: Config, before: Config): void {
  const earlier = new Map(streamList(before).map(({ name, sources }) => [name, sources]));
  for (const { name, sources } of streamList(now)) {
    const known = earlier.get(name);
    earlier.delete(name);
    if (!known || known.join('\n') !== sources.join('\n')) streams.set(name, sources);
  }
  for (const name of earlier.keys()) streams.delete(name);
}
