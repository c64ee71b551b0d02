/** The server as clients of docs/api.md see it, and who is told when that changes. */
import { randomUUID } from 'node:crypto';
import type { StateFile } from '../config/state.ts';
import type { WebrtcServer } from '../formats/webrtc/server.ts';
import { VERSION } from '../util/version.ts';
import type { Client } from './access.ts';
import { hasNews } from './config-import.ts';
import type { ApiContext } from './context.ts';
import { openToNetwork } from './listeners.ts';

/** Counts the versions of docs/api.md. */
export const API_EDITION = 1;

export interface ServerInfo {
  /** Stays through restarts, updates, and changes of the address. */
  readonly id: string;
  readonly version: string;
  readonly api: number;
  /** ms since 1970. */
  readonly started: number;
  /** Where the RTSP server listens. */
  readonly rtsp: string | null;
  readonly webrtc?: { readonly port: number; readonly reachable?: boolean };
  /** For the user: what should not be as it is. */
  readonly warnings: readonly string[];
  readonly integration?: {
    readonly connected: boolean;
    readonly installed?: string | undefined;
    readonly bundled?: string | undefined;
    readonly restart_required: boolean;
  };
  /** Ports that others have. */
  readonly conflicts: readonly { readonly port: number; readonly by: string; readonly instead: number }[];
  readonly role: 'admin' | 'viewer';
  readonly addon: boolean;
  readonly import?: { readonly path: string };
}

const OPEN_WARNING =
  'Everyone in the network can watch and change the streams: set api.username and api.password, or an api.listen of 127.0.0.1.';

/** What the user should know and mend. */
export function serverWarnings(context: ApiContext): string[] {
  const { unkept } = context.changes;
  return [
    ...(openToNetwork({ ...context, api: context.store.current.api }) ? [OPEN_WARNING] : []),
    ...(unkept ? [`Changes hold until the next start only: ${unkept}`] : []),
  ];
}

/** The server, as this client sees it. */
export function serverInfo(context: ApiContext, client: Client): ServerInfo {
  const { state, integrations, webrtc, serverExtras } = context;
  const { integration, warnings = [], ...extras } = serverExtras?.() ?? {};
  return {
    id: serverId(state),
    version: VERSION,
    api: API_EDITION,
    started: Math.round(performance.timeOrigin),
    rtsp: context.rtspListen() ?? null,
    ...(webrtc ? { webrtc: webrtcInfo(webrtc) } : {}),
    ...(integration || integrations.connected
      ? {
          integration: {
            restart_required: false,
            ...integration,
            connected: integrations.connected,
          },
        }
      : {}),
    conflicts: [],
    role: client.role === 'admin' ? 'admin' : 'viewer',
    addon: false,
    ...importOffer(context),
    ...extras,
    warnings: [...serverWarnings(context), ...warnings],
  };
}

/** The config file of go2rtc that was found, as long as it has a stream that we have not. */
function importOffer({ importFrom, streams }: ApiContext): Pick<ServerInfo, 'import'> {
  const file = importFrom?.();
  if (!file || !hasNews(file.text, file.path, (name) => streams.get(name) !== undefined)) return {};
  return { import: { path: file.path } };
}

const webrtcInfo = ({ port, reachable }: WebrtcServer): ServerInfo['webrtc'] => ({
  port,
  ...(reachable === undefined ? {} : { reachable }),
});

/** The id of this server: made at the first start. */
export function serverId(state: StateFile): string {
  const known = state.get('id');
  if (typeof known === 'string' && known !== '') return known;
  const id = randomUUID();
  state.set('id', id);
  return id;
}
