/** What we take of a camera's offer: one format of each media, and its loudspeaker. */
import { type AudioCodec, describeCodec } from '../../codecs/codec.ts';
import type { RtpFormat } from '../../rtp/payload.ts';
import { codecOfFormat } from '../../rtp/payload-formats.ts';
import type { Sdp, SdpMedia } from '../../rtp/sdp.ts';

export interface Incoming {
  /** Place in the SDP: the same when the camera is asked again. */
  readonly id: number;
  readonly media: SdpMedia;
  readonly format: RtpFormat;
}

/** A format that the loudspeaker takes. */
export interface Outgoing {
  readonly media: SdpMedia;
  readonly format: RtpFormat;
  readonly codec: AudioCodec;
}

export interface Selection {
  readonly incoming: readonly Incoming[];
  readonly loudspeaker: readonly Outgoing[];
  /** `video VP7`: offered, and of no use. */
  readonly unusable: readonly string[];
}

/**
 * Picks the first format of each media that we can carry. `wanted`: the kinds that may be taken.
 *
 * `sendonly` is the client's view: audio that we send. Cameras that call their video so have it the wrong way round,
 * and mean all of it to be received.
 */
export function selectMedias(sdp: Sdp, wanted: ReadonlySet<string>): Selection {
  const reversed = sdp.medias.some(({ kind, direction }) => kind === 'video' && direction === 'sendonly');
  const incoming: Incoming[] = [];
  const loudspeaker: Outgoing[] = [];
  const unusable: string[] = [];
  for (const [id, media] of sdp.medias.entries()) {
    const { kind, formats, direction } = media;
    if (kind === 'application' || direction === 'inactive' || !wanted.has(kind)) continue;
    if (kind === 'audio' && direction === 'sendonly' && !reversed) {
      loudspeaker.push(...outgoing(media));
      continue;
    }
    const format = formats.find((candidate) => codecOfFormat(candidate)?.kind === kind);
    if (format) incoming.push({ id, media, format });
    else unusable.push(`${kind} ${formats.map(({ encoding }) => encoding).join('/') || 'without a format'}`);
  }
  return { incoming, loudspeaker, unusable };
}

function outgoing(media: SdpMedia): Outgoing[] {
  return media.formats.flatMap((format) => {
    const codec = codecOfFormat(format);
    return codec?.kind === 'audio' ? [{ media, format, codec }] : [];
  });
}

/** The same format in another description of the same camera. */
export function sameOutgoing(candidates: readonly Outgoing[], wanted: AudioCodec): Outgoing | undefined {
  return candidates.find(({ codec }) => describeCodec(codec) === describeCodec(wanted));
}
