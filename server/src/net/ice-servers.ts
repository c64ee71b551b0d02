/**
 * STUN and TURN servers as configs and browsers name them (RFC 7064, RFC 7065).
 *
 *   stun:stun.cloudflare.com:3478    turn:turn.example.com:3478?transport=tcp    turns:[2001:db8::1]
 */

/** An `RTCIceServer`. */
export interface IceServer {
  readonly urls: string | readonly string[];
  readonly username?: string | undefined;
  readonly credential?: string | undefined;
}

export interface StunServer {
  readonly host: string;
  readonly port: number;
}

export interface TurnServer {
  readonly host: string;
  readonly port: number;
  readonly transport: 'udp' | 'tcp' | 'tls';
  readonly username: string;
  readonly credential: string;
}

export interface IceServers {
  readonly stun: readonly StunServer[];
  readonly turn: readonly TurnServer[];
}

const FORM =
  /^(stun|stuns|turn|turns):(?:\[([0-9a-f:.]+)\]|([^:?[\]\s]{1,253}))(?::(\d{1,5}))?(?:\?transport=(udp|tcp))?$/i;
const MAX_SERVERS = 16;

/** Reads a list of servers; an address that does not parse, or a TURN server without credentials, is left out. */
export function parseIceServers(servers: readonly IceServer[]): IceServers {
  const stun: StunServer[] = [];
  const turn: TurnServer[] = [];
  for (const { urls, username = '', credential = '' } of servers.slice(0, MAX_SERVERS)) {
    for (const url of [urls].flat().slice(0, MAX_SERVERS)) {
      const [, scheme, bracketed, name, digits, transport] = FORM.exec(url) ?? [];
      const host = bracketed ?? name;
      const secure = scheme?.toLowerCase().endsWith('s');
      const port = Number(digits ?? (secure ? 5349 : 3478));
      if (!scheme || !host || port === 0 || port > 65535) continue;
      if (scheme.toLowerCase() === 'stun') stun.push({ host, port });
      else if (scheme.toLowerCase().startsWith('turn') && username && credential) {
        turn.push({
          host,
          port,
          transport: secure ? 'tls' : transport === 'tcp' ? 'tcp' : 'udp',
          username,
          credential,
        });
      }
    }
  }
  return { stun, turn };
}
