/**
 * A stream that somebody shares by a link: `webtorrent:?share=NAME&pwd=WORD`. The tracker carries one offer to who shares
 * it, and the answer back; what flows then is WebRTC, as from any other source.
 */
import { StreamError } from '../../core/errors.ts';
import type { OpenProducer } from '../format.ts';
import type { Call, Signaling } from '../webrtc/dialects/dialect.ts';
import { openJsonSocket } from '../webrtc/dialects/json-socket.ts';
import { openDialect } from '../webrtc/producer.ts';
import { createOfferId, decryptDescription, encryptDescription, infoHash, type Share } from './cipher.ts';
import { createPeerId, parseAnnounce } from './message.ts';
import { checkShare, trackerOf } from './settings.ts';

export const open: OpenProducer = async (source, context) => {
  const query = new URLSearchParams(source.rest.slice(source.rest.indexOf('?') + 1));
  const share = checkShare(query.get('share') ?? '', query.get('pwd') ?? '');
  return await openDialect(source, context, {
    name: 'webtorrent',
    format: 'webtorrent',
    url: trackerOf(context.services.section('webtorrent')),
    protocol: 'ws',
    offers: true,
    wants: ['video', 'audio'],
    exchange: (call) => exchange(call, share),
  });
};

async function exchange(call: Call, share: Share): Promise<Signaling> {
  const { client } = call;
  const info_hash = infoHash(share.name);
  const offerId = createOfferId();
  const answered = Promise.withResolvers<string>();
  answered.promise.catch(() => {});
  const sdp = encryptDescription(share, offerId, await client.offer());
  const socket = await openJsonSocket(call, (message) => {
    const announce = parseAnnounce(message);
    if (announce?.offerId !== offerId || announce.answer === undefined) return;
    try {
      answered.resolve(decryptDescription(share, offerId, announce.answer));
    } catch (error) {
      answered.reject(error);
    }
  });
  socket.send({
    action: 'announce',
    info_hash,
    peer_id: createPeerId(),
    numwant: 1,
    offers: [{ offer_id: offerId, offer: { type: 'offer', sdp } }],
  });
  const answer = await socket.expect(
    'answer: nobody shares it now, or the password is another',
    answered.promise,
  );
  if (!answer) throw new StreamError('protocol', 'webtorrent: an empty answer');
  client.accept(answer);
  socket.close();
  return {};
}
