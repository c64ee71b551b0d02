import type { PeerRights } from '../formats/webrtc/session.ts';
import type { Client } from './access.ts';
import type { ApiContext } from './context.ts';

/** What a WebRTC peer of this client may be: viewers and tokens publish nothing, and not every token lets talk. */
export function peerRights({ store }: ApiContext, { role, grant }: Client): PeerRights {
  return {
    viewsOnly: store.current.api.read_only || role !== 'admin',
    mayTalk: grant?.mayTalk ?? true,
    until: grant?.revoked,
  };
}
