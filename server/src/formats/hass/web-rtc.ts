/**
 * The signalling of a camera entity that is a WebRTC peer.
 *
 *   → camera/webrtc/get_client_config {entity_id}            ← {configuration: {iceServers: […]}}
 *   → camera/webrtc/offer {entity_id, offer}                 ← events {type: session | answer | candidate | error, …}
 *   → camera/webrtc/candidate {entity_id, session_id, candidate: {candidate, sdpMid, sdpMLineIndex}}
 *
 * The session lasts as long as its socket: that is closed at its end. Sound is offered before the picture: some clouds (Nest)
 * take no other order.
 */
import { StreamError } from '../../core/errors.ts';
import type { IceServer } from '../../net/ice-servers.ts';
import type { Call, Signaling } from '../webrtc/dialects/dialect.ts';
import type { ChosenDialect } from '../webrtc/dialects.ts';
import type { CoreAddress } from './address.ts';
import { type CoreSocket, objectOf } from './core-socket.ts';

const MAXIMUM_ICE_SERVERS = 16;

/** The dialect of this entity, over a socket that becomes the session's. */
export function dialectOf(core: CoreAddress, socket: CoreSocket, entity: string): ChosenDialect {
  return {
    name: 'hass',
    format: 'hass/webrtc',
    url: core.http,
    protocol: 'ws',
    offers: true,
    wants: ['audio', 'video'],
    exchange: (call) => exchange(call, socket, entity),
  };
}

async function exchange(call: Call, socket: CoreSocket, entity_id: string): Promise<Signaling> {
  const { client, signal, timeoutMs } = call;
  signal.addEventListener('abort', () => socket.close(), { once: true });
  const config = await socket.ask({ type: 'camera/webrtc/get_client_config', entity_id });
  const answered = Promise.withResolvers<string>();
  answered.promise.catch(() => {});
  const session = Promise.withResolvers<string>();
  client.onCandidate = (candidate) =>
    void session.promise.then((session_id) =>
      socket
        .ask({
          ...{ type: 'camera/webrtc/candidate', entity_id, session_id },
          candidate: { candidate, sdpMid: '0', sdpMLineIndex: 0 },
        })
        .catch(() => {}),
    );
  const offer = await client.offer(iceServersOf(config));
  await socket.ask({ type: 'camera/webrtc/offer', entity_id, offer }, (event) => {
    if (event.type === 'session') session.resolve(String(event.session_id));
    else if (event.type === 'answer') answered.resolve(String(event.answer));
    else if (event.type === 'candidate') {
      client.addCandidate(String(objectOf(event.candidate).candidate ?? ''));
    } else if (event.type === 'error') {
      const text = String(event.message ?? event.code).slice(0, 200);
      answered.reject(new StreamError('protocol', `hass: ${entity_id}: ${text}`));
    }
  });
  const timer = setTimeout(
    () => answered.reject(new StreamError('timeout', `hass: ${entity_id}: no answer to the offer`)),
    timeoutMs,
  );
  try {
    client.accept(await answered.promise);
  } finally {
    clearTimeout(timer);
  }
  return { hangUp: async () => socket.close() };
}

/** Those that core hands out, as WebRTC's RTCConfiguration has them; undefined: those of our config. */
export function iceServersOf(config: unknown): readonly IceServer[] | undefined {
  const { iceServers } = objectOf(objectOf(config).configuration);
  if (!Array.isArray(iceServers) || iceServers.length === 0) return undefined;
  return iceServers.slice(0, MAXIMUM_ICE_SERVERS).flatMap((item) => {
    const { urls, username, credential } = objectOf(item);
    const list = [urls].flat().filter((url) => typeof url === 'string');
    const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
    return list.length > 0 ? [{ urls: list, username: text(username), credential: text(credential) }] : [];
  });
}
