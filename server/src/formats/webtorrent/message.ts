/**
 * What peers and trackers of WebTorrent say to each other by WebSocket, as far as shares need it (BitTorrent's announce
 * in JSON; observed: bittorrent-tracker, go2rtc).
 *
 *   → {"action":"announce","info_hash":…,"peer_id":…,"numwant":10,"offers":[{"offer_id":…,"offer":{"type":"offer","sdp":…}}]}
 *   ← {"action":"announce","info_hash":…,"interval":120,"complete":0,"incomplete":1}
 *   ← {"action":"announce","info_hash":…,"peer_id":…,"offer_id":…,"offer":{"type":"offer","sdp":…}}
 *   → {"action":"announce","info_hash":…,"peer_id":…,"to_peer_id":…,"offer_id":…,"answer":{"type":"answer","sdp":…}}
 */
import { randomInt } from 'node:crypto';
import { type JsonObject, objectOf, textOf } from '../webrtc/dialects/json.ts';

export interface Announce {
  readonly infoHash: string;
  readonly peerId: string;
  /** An announcement: its offers; [] of who waits for some. */
  readonly offers: readonly Offer[] | undefined;
  /** An offer of another peer, or an answer to one. */
  readonly offerId: string;
  readonly offer: string | undefined;
  readonly answer: string | undefined;
  readonly toPeerId: string;
}

export interface Offer {
  readonly offerId: string;
  readonly sdp: string;
}

const MAX_OFFERS = 10;
const MAX_ID_LENGTH = 128;
const PEER_ID_LENGTH = 16;
const BASE36 = '0123456789abcdefghijklmnopqrstuvwxyz';

/** Reads a message; undefined for one that is of no use. Names longer than any are left out. */
export function parseAnnounce(message: JsonObject): Announce | undefined {
  const infoHash = idOf(message.info_hash);
  if (message.action !== 'announce' || !infoHash) return undefined;
  const offers = Array.isArray(message.offers) ? message.offers : undefined;
  return {
    infoHash,
    peerId: idOf(message.peer_id),
    offers: offers?.slice(0, MAX_OFFERS).flatMap((item): Offer[] => {
      const { offer_id, offer } = objectOf(item) ?? {};
      const sdp = sdpOf(offer);
      return idOf(offer_id) && sdp ? [{ offerId: idOf(offer_id), sdp }] : [];
    }),
    offerId: idOf(message.offer_id),
    offer: sdpOf(message.offer),
    answer: sdpOf(message.answer),
    toPeerId: idOf(message.to_peer_id),
  };
}

const sdpOf = (value: unknown): string | undefined => textOf(objectOf(value)?.sdp);

function idOf(value: unknown): string {
  const text = textOf(value) ?? '';
  return text.length <= MAX_ID_LENGTH ? text : '';
}

/** A name for one connection to a tracker. */
export const createPeerId = (): string =>
  Array.from({ length: PEER_ID_LENGTH }, () => BASE36[randomInt(BASE36.length)]).join('');
