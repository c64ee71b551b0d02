/** STUN and TURN servers that the Porthole server tells its players, as `ice_servers` of `GET api`. */
import { apiUrl } from './url.ts';

const WAIT_MS = 1000;
const known = new Map<string, Promise<readonly RTCIceServer[]>>();

/** Asks once a page and server. None, when the server names none or does not answer in time: host candidates still work. */
export function iceServersOf(base: string): Promise<readonly RTCIceServer[]> {
  let servers = known.get(base);
  if (!servers) {
    servers = ask(base);
    known.set(base, servers);
  }
  return servers;
}

async function ask(base: string): Promise<readonly RTCIceServer[]> {
  try {
    const response = await fetch(apiUrl(base, 'api'), { signal: AbortSignal.timeout(WAIT_MS) });
    const info: unknown = await response.json();
    const list = typeof info === 'object' && info !== null && 'ice_servers' in info ? info.ice_servers : [];
    return Array.isArray(list) ? list.filter((server) => typeof server === 'object' && 'urls' in server) : [];
  } catch {
    known.delete(base);
    return [];
  }
}
