/**
 * A tracker of WebTorrent, as small as shares need it: passes offers on to the others of a share, and answers back.
 * For tests, and for who does not want to ask anybody else.
 */
import type { RawData, WebSocket } from 'ws';
import { type JsonObject, parseObject } from '../webrtc/dialects/json.ts';
import { type Announce, parseAnnounce } from './message.ts';

const INTERVAL_SECONDS = 120;
const MAX_SHARES = 1000;
const MAX_PEERS = 50;

export class Tracker {
  /** By info hash, then by peer id. */
  readonly #shares = new Map<string, Map<string, WebSocket>>();

  /** Takes a WebSocket that was accepted. */
  attach(socket: WebSocket): void {
    socket.on('message', (data: RawData) => {
      const message = parseObject(String(data));
      const announce = message && parseAnnounce(message);
      if (announce?.peerId) this.#take(announce, socket);
    });
    socket.on('error', () => {});
    socket.on('close', () => this.#forget(socket));
  }

  #take(announce: Announce, socket: WebSocket): void {
    const { infoHash, peerId, offers, offerId, answer, toPeerId } = announce;
    const peers = this.#peersOf(infoHash);
    if (!peers || (!peers.has(peerId) && peers.size >= MAX_PEERS)) return;
    const known = peers.get(peerId);
    if (known && known !== socket && known.readyState === known.OPEN) return;
    peers.set(peerId, socket);
    const common = { action: 'announce', info_hash: infoHash };
    if (offers) {
      send(socket, { ...common, interval: INTERVAL_SECONDS, complete: 0, incomplete: peers.size });
      for (const { offerId: offer_id, sdp } of offers)
        for (const peer of peers.values())
          if (peer !== socket)
            send(peer, { ...common, peer_id: peerId, offer_id, offer: { type: 'offer', sdp } });
    } else if (answer !== undefined && offerId) {
      const peer = peers.get(toPeerId);
      if (peer)
        send(peer, {
          ...common,
          peer_id: peerId,
          offer_id: offerId,
          answer: { type: 'answer', sdp: answer },
        });
    }
  }

  #peersOf(infoHash: string): Map<string, WebSocket> | undefined {
    const known = this.#shares.get(infoHash);
    if (known || this.#shares.size >= MAX_SHARES) return known;
    const peers = new Map<string, WebSocket>();
    this.#shares.set(infoHash, peers);
    return peers;
  }

  #forget(socket: WebSocket): void {
    for (const [infoHash, peers] of this.#shares) {
      for (const [peerId, peer] of peers) if (peer === socket) peers.delete(peerId);
      if (peers.size === 0) this.#shares.delete(infoHash);
    }
  }
}

const send = (socket: WebSocket, message: JsonObject): void => socket.send(JSON.stringify(message), () => {});
