/**
 * Where a Home Assistant is, and as whom it is asked.
 *
 *   hass://192.168.1.5:8123?entity_id=camera.door&token=LONG   any; without a port 8123, with 443 by TLS
 *   hass://192.168.1.5?entity_id=camera.door                   its token from the section `hass` of the config
 *   hass://supervisor?entity_id=camera.door                    the one whose add-on this is
 *   hass:Front Door                                            an entry of its configuration (imported.ts)
 */
import { StreamError } from '../../core/errors.ts';
import { formatAddress, parseAddress } from '../../net/url.ts';
import { registerSecret } from '../../util/redact.ts';

export interface CoreAddress {
  /** Before `/api/…`. */
  readonly http: string;
  readonly websocket: string;
  readonly token: string;
  /** Through the Supervisor: it passes requests on that end, no endless ones. */
  readonly bySupervisor: boolean;
}

/** The section `hass` of the config. */
export interface HassSection {
  /** Folder of its configuration. */
  readonly config?: unknown;
  readonly url?: unknown;
  readonly token?: unknown;
}

type Environment = Readonly<Record<string, string | undefined>>;

const DEFAULT_PORT = 8123;
const TLS_PORT = 443;
const SUPERVISOR = 'supervisor';

/** The Home Assistant that scans ask: of the config, else the Supervisor's. Undefined where there is none. Throws StreamError `invalid`. */
export function ownCore(
  section: HassSection,
  environment: Environment = process.env,
): CoreAddress | undefined {
  const { url, token } = section;
  if (typeof url === 'string' && url !== '' && typeof token === 'string' && token !== '') {
    if (!/^https?:\/\//.test(url) || !URL.canParse(url)) {
      throw new StreamError('invalid', 'hass.url is not an http:// address');
    }
    return coreAt(url.replace(/\/+$/, ''), token);
  }
  const supervisor = environment.SUPERVISOR_TOKEN;
  return supervisor ? supervisorCore(supervisor, environment) : undefined;
}

/** The Home Assistant and the entity of a `hass://` address. Throws StreamError `invalid_source`, `unauthorized`. */
export function readSource(
  url: string,
  section: HassSection,
  environment: Environment = process.env,
): { readonly core: CoreAddress; readonly entity: string } {
  const address = parseAddress(url);
  const query = new URLSearchParams(/\?(.*)$/s.exec(address.target)?.[1] ?? '');
  const entity = query.get('entity_id') ?? '';
  if (!isCameraEntity(entity)) {
    throw new StreamError('invalid_source', 'hass: entity_id=camera.… is expected');
  }
  return { core: coreOf(), entity };

  function coreOf(): CoreAddress {
    const given = query.get('token');
    if (address.host === SUPERVISOR && !given) {
      const token = environment.SUPERVISOR_TOKEN;
      if (!token) throw new StreamError('invalid_source', 'hass://supervisor: this server is no add-on');
      return supervisorCore(token, environment);
    }
    const { host, port = DEFAULT_PORT } = address;
    const own = ownCore(section, {});
    const scheme = port === TLS_PORT ? 'https' : 'http';
    const base = formatAddress({ scheme, host, port, target: '' });
    if (given) return coreAt(base, given);
    // A token goes to the Home Assistant that it is for, and to nobody else.
    if (own && placeOf(own.http) === placeOf(base)) return own;
    throw new StreamError('unauthorized', `hass: ${host}: token=… is missing`);
  }
}

/** The source text of an entity of this Home Assistant; without the token. */
export function sourceOf(core: CoreAddress, entity: string): string {
  return `hass://${core.bySupervisor ? SUPERVISOR : placeOf(core.http)}?entity_id=${entity}`;
}

export const isCameraEntity = (id: string): boolean => /^camera\.[a-z0-9_]{1,240}$/.test(id);

function coreAt(http: string, token: string): CoreAddress {
  registerSecret(token);
  return { http, websocket: `${http.replace(/^http/i, 'ws')}/api/websocket`, token, bySupervisor: false };
}

function supervisorCore(token: string, { SUPERVISOR: host = SUPERVISOR }: Environment): CoreAddress {
  registerSecret(token);
  return { http: `http://${host}/core`, websocket: `ws://${host}/core/websocket`, token, bySupervisor: true };
}

/** `host:port`, the port left out where it is the usual one of Home Assistant. */
function placeOf(http: string): string {
  const { protocol, hostname, port } = new URL(http);
  const number = port || (protocol === 'https:' ? String(TLS_PORT) : '80');
  return number === String(DEFAULT_PORT) ? hostname : `${hostname}:${number}`;
}
