/** `{"type":"webrtc"…}`, `webrtc/offer`, `webrtc/candidate`: WebRTC, signalled over the socket. */
import { type WebrtcMessage, WebrtcSignaling } from '../../formats/webrtc/signaling.ts';
import { requireWebrtc } from '../context.ts';
import { HttpError } from '../errors.ts';
import { peerRights } from '../peer-rights.ts';
import type { MessageHandler, SocketSession } from './session.ts';

const signalings = new WeakMap<SocketSession, WebrtcSignaling>();

export const handle: MessageHandler = async (session, value, type) => {
  if (session.publishes && session.context.store.current.api.read_only) throw new HttpError(403, 'read-only');
  await signalingOf(session).handle(type as WebrtcMessage, value);
};

function signalingOf(session: SocketSession): WebrtcSignaling {
  let signaling = signalings.get(session);
  if (!signaling) {
    const { remoteAddress, userAgent } = session.connection;
    signaling = new WebrtcSignaling(requireWebrtc(session.context), {
      remoteAddress,
      userAgent,
      signal: session.signal,
      publishes: session.publishes,
      ...peerRights(session.context, session.client),
      stream: session.stream,
      send: session.send,
    });
    signalings.set(session, signaling);
  }
  return signaling;
}
