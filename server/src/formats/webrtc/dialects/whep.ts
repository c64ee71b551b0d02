/**
 * WHEP (draft-murillo-whep) and, with another direction of media, WHIP (RFC 9725): one POST.
 *
 *   → POST /whep  Content-Type: application/sdp  Authorization: Bearer …   our offer
 *   ← 201 (200)   Location: /whep/session  Link: <stun:…>; rel="ice-server"   the answer
 *   → DELETE /whep/session                                                  at the end
 */
import type { Call, Signaling } from './dialect.ts';
import { isSameHost, requestSignaling, resolveUrl } from './http.ts';
import { iceServersOfLinks, iceServersOfOption } from './ice-server-links.ts';

const SDP = 'application/sdp';
/** A server that is gone does not hold up who closes. */
const HANG_UP_TIMEOUT_MS = 2000;

export async function exchangeWhep(call: Call): Promise<Signaling> {
  const { url, options, client } = call;
  const token = options.get('token');
  const headers: Record<string, string> = {};
  for (const line of options.all('header')) {
    const colon = line.indexOf(':');
    if (colon > 0) headers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim();
  }
  const reply = await requestSignaling(call, {
    method: 'POST',
    url,
    headers: { ...headers, 'content-type': SDP, accept: SDP },
    body: await client.offer(iceServersOfOption(options.get('ice_servers'))),
    token,
  });
  const [location] = reply.header('location');
  const hangUp = async (): Promise<void> => {
    if (!location) return;
    try {
      const resource = resolveUrl(reply.url, location);
      const secrets = isSameHost(resource, url) ? { headers, token } : {};
      const within = { timeoutMs: HANG_UP_TIMEOUT_MS, signal: AbortSignal.timeout(HANG_UP_TIMEOUT_MS) };
      await requestSignaling(within, { method: 'DELETE', url: resource, ...secrets });
    } catch {
      // It finds out by itself that nobody is there.
    }
  };
  try {
    client.accept(reply.body);
  } catch (error) {
    await hangUp();
    throw error;
  }
  client.addServers(iceServersOfLinks(reply.header('link')));
  return { hangUp };
}
