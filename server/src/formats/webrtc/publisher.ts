/**
 * Pushes a stream to a WHIP server (RFC 9725): `webrtc:https://server/whip#token=…`.
 *
 *   stream.select ─▶ offer: each track as it is ─▶ POST ─▶ answer … connected ─▶ outgoing-media, as for a viewer
 */
import { StreamError, toStreamError } from '../../core/errors.ts';
import { type Accepts, createPeer } from '../../core/model.ts';
import type { Selection } from '../../core/selection.ts';
import type { Publish } from '../format.ts';
import type { Agreement } from './agreement.ts';
import { placeCall } from './call.ts';
import { dialectOf } from './dialects.ts';
import { formatFor } from './negotiation.ts';
import type { OfferedMedia } from './offer.ts';
import { formatsOfCodec } from './offered-formats.ts';
import { createSource, OutgoingMedia, type OutgoingTrack } from './outgoing-media.ts';

/** What WHIP servers take, best first. */
const ACCEPTS: Accepts = [
  { kind: 'video', codecs: [{ name: 'h264' }, { name: 'hevc' }] },
  {
    kind: 'audio',
    codecs: [
      { name: 'opus' },
      { name: 'pcm_alaw', sampleRate: 8000, channels: 1 },
      { name: 'pcm_mulaw', sampleRate: 8000, channels: 1 },
    ],
  },
];

export const publish: Publish = async (stream, target, context) => {
  const { signal, services, log } = context;
  const dialect = dialectOf(target);
  if (dialect.name !== 'whep')
    throw new StreamError('unsupported', 'webrtc: publishing is by WHIP, to an http:// or https:// address');
  const selection = await stream.select(ACCEPTS);
  const peer = createPeer({ format: 'webrtc/whip', protocol: dialect.protocol, url: dialect.url });
  const ended = Promise.withResolvers<void>();
  ended.promise.catch(() => {});
  const end = (reason?: Error): void =>
    ended.reject(reason ?? new StreamError('closed', 'webrtc: the server ended the session'));
  let outgoing: OutgoingMedia | undefined;
  let agreement: Agreement | undefined;
  const leave = (): void => ended.resolve();
  signal.addEventListener('abort', leave, { once: true });
  try {
    const call = await placeCall({
      server: services.webrtc(),
      source: target,
      dialect,
      peer,
      medias: offeredMedias(selection),
      signal,
      log: (message, fields) => log.debug(message, { stream: stream.name, id: peer.id, ...fields }),
      onAgreed: (agreed) => {
        agreement = agreed;
      },
      onRtp: () => {},
      onRtcp: (packet) => outgoing?.onRtcp(packet),
      onClosed: end,
    });
    try {
      const { transport } = call.client;
      const tracks = agreedTracks(selection, agreement!);
      outgoing = new OutgoingMedia({ stream, peer, transport, tracks, selection, onEnd: end });
      await Promise.race([outgoing.join(), ended.promise]);
      context.onPushing?.();
      await ended.promise;
    } finally {
      outgoing?.leave();
      await call.end();
    }
  } catch (error) {
    if (!signal.aborted) throw toStreamError(error);
  } finally {
    signal.removeEventListener('abort', leave);
    selection.release();
  }
};

/** A section for each track; the peer sends nothing. */
function offeredMedias({ liveTracks }: Selection): OfferedMedia[] {
  return liveTracks.map(({ track: { codec } }) => ({
    kind: codec.kind,
    formats: formatsOfCodec(codec),
    sends: true,
    receives: false,
    ...createSource(codec.kind === 'video'),
  }));
}

/** Those that the server takes, in the format that it chose. */
function agreedTracks({ liveTracks }: Selection, { sends }: Agreement): OutgoingTrack[] {
  return liveTracks.flatMap(({ track: { codec } }) => {
    const media = sends.find(({ kind }) => kind === codec.kind);
    const format = media && formatFor(media, codec);
    if (!media || !format) return [];
    const { ssrc, rtxSsrc } = media;
    return [{ codec, format, ssrc, rtxSsrc: format.rtxPayloadType === undefined ? undefined : rtxSsrc }];
  });
}
