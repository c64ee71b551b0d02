/** Where a stream is: beside the document, or at addresses that somebody else knows and that may expire. */
import { iceServersOf } from './ice-servers.ts';
import { apiUrl, socketUrl } from './url.ts';

/** A camera's large stream, and its small one for where it is shown small. */
export type Tier = 'main' | 'sub';

export interface StreamAddresses {
  /** `wss://…/api/ws?src=…` */
  readonly socket: string;
  /** What relative addresses in playlists that come over the socket stand beside: `https://…/api/`. */
  readonly base: string;
  /** One JPEG. */
  readonly poster?: string | undefined;
  readonly iceServers?: readonly RTCIceServer[] | undefined;
}

/** Asked before each connection. Rejects with an Error to show. */
export type Connect = (tier: Tier) => Promise<StreamAddresses>;

/** The addresses of the server that is at `base`. */
export function connectBeside(base: string, main: string, sub: string): Connect {
  return async (tier) => {
    const src = (tier === 'sub' && sub) || main;
    return {
      socket: socketUrl(base, src),
      base: apiUrl(base, 'api/'),
      poster: apiUrl(base, 'api/frame.jpeg', { src }),
      iceServers: await iceServersOf(base),
    };
  };
}
