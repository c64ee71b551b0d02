/**
 * Which formats of an offer we take: the codecs that a viewer accepts, and the format for each track matched.
 *
 *   offer ─acceptsOf─▶ Accepts ─ stream.select ─▶ tracks ─formatFor─▶ the format of the offer that carries each
 */
import type { AudioCodec, Codec } from '../../codecs/codec.ts';
import { parseAvcC } from '../../codecs/h264.ts';
import type { Accepts, CodecPattern } from '../../core/model.ts';
import { codecOfFormat } from '../../rtp/payload-formats.ts';
import type { Description, RemoteFormat, RemoteMedia } from './description.ts';

const PCM: ReadonlySet<string> = new Set(['pcm_alaw', 'pcm_mulaw', 'pcm_s16be', 'pcm_s16le']);

/** The codec of an offered format, if we can send and take it in this form. */
export function usableCodec(format: RemoteFormat): Codec | undefined {
  const { encoding, parameters } = format;
  // Without packetization-mode 1 no NAL unit may be longer than a packet (RFC 6184 §6.2).
  if (encoding === 'H264' && parameters.get('packetization-mode') !== '1') return undefined;
  if (encoding === 'H265' && (parameters.get('tx-mode') ?? 'SRST').toUpperCase() !== 'SRST') return undefined;
  return codecOfFormat(format);
}

const isMedia = ({ kind, rejected }: RemoteMedia): boolean =>
  !rejected && (kind === 'video' || kind === 'audio');

/** What the peer takes: one request for the first video and one for the first audio section that receives. */
export function acceptsOf(offer: Description): Accepts {
  return (['video', 'audio'] as const).flatMap((kind) => {
    const media = receivingMedia(offer, kind);
    const codecs = media?.formats.flatMap((format) => patternOf(format, kind)) ?? [];
    return codecs.length > 0 ? [{ kind, codecs }] : [];
  });
}

/** The first section of a kind that the peer receives. */
export function receivingMedia({ medias }: Description, kind: 'video' | 'audio'): RemoteMedia | undefined {
  return medias.find((media) => media.kind === kind && media.receives && isMedia(media));
}

/** The first audio section that the peer sends: its microphone. */
export function microphoneMedia({ medias }: Description): RemoteMedia | undefined {
  return medias.find((media) => media.kind === 'audio' && media.sends && isMedia(media));
}

/** Sections that the peer sends, for publishing. */
export function sendingMedias({ medias }: Description): readonly RemoteMedia[] {
  return medias.filter((media) => media.sends && isMedia(media));
}

function patternOf(format: RemoteFormat, kind: 'video' | 'audio'): CodecPattern[] {
  const codec = usableCodec(format);
  if (codec?.kind !== kind) return [];
  const { name } = codec;
  if (codec.kind === 'video' || name === 'opus' || name === 'adpcm_g722') return [{ name }];
  return [{ name, sampleRate: codec.sampleRate, channels: codec.channels }];
}

/** The offered format that carries this codec best; undefined if none does. */
export function formatFor(media: Pick<RemoteMedia, 'formats'>, codec: Codec): RemoteFormat | undefined {
  const usable = media.formats.filter((format) => {
    const offered = usableCodec(format);
    if (offered?.name !== codec.name) return false;
    if (offered.kind === 'video' || !PCM.has(offered.name)) return true;
    return (
      codec.kind === 'audio' && offered.sampleRate === codec.sampleRate && offered.channels === codec.channels
    );
  });
  const ranked = usable.map((format) => ({ format, rank: rankOf(format, codec) }));
  return ranked.sort((a, b) => a.rank - b.rank)[0]?.format;
}

/** Lower is better. A browser decodes more than it offers, so another profile is still worth trying. */
function rankOf({ parameters }: RemoteFormat, codec: Codec): number {
  if (codec.name === 'h264') return h264Rank(parameters.get('profile-level-id') ?? '42000a', codec.extradata);
  if (codec.name === 'hevc') return hevcRank(parameters, codec.extradata);
  return 0;
}

const CONSTRAINED = 0x40;

function h264Rank(profileLevelId: string, avcC: Buffer | undefined): number {
  const sps = avcC && parseAvcC(avcC)?.sps[0];
  if (!sps || sps.length < 4) return 0;
  const [offeredProfile = 0, offeredFlags = 0] = Buffer.from(profileLevelId, 'hex');
  const profile = sps[1]!;
  const flags = sps[2]!;
  if (offeredProfile === profile) return (offeredFlags & CONSTRAINED) === (flags & CONSTRAINED) ? 0 : 1;
  // The next lower one: browsers choose hardware decoders by it, and those take High where they take Main.
  return offeredProfile < profile ? 2 + (profile - offeredProfile) / 256 : 4;
}

/** Of hvcC: general_profile_idc in byte 1, general_level_idc in byte 12 (ISO 14496-15 §8.3.3.1). */
function hevcRank(parameters: ReadonlyMap<string, string>, hvcC: Buffer | undefined): number {
  if (!hvcC || hvcC.length < 13) return 0;
  const sameProfile = Number(parameters.get('profile-id') ?? 1) === (hvcC[1]! & 0x1f);
  const highEnough = Number(parameters.get('level-id') ?? 93) >= hvcC[12]!;
  return (sameProfile ? 0 : 2) + (highEnough ? 0 : 1);
}

/**
 * The format that the peer's microphone should use: one that the loudspeaker takes as it is, else G.711, which the core
 * makes any other codec of. Undefined when there is no loudspeaker, or nothing offered fits.
 */
export function microphoneFormat(
  media: RemoteMedia,
  loudspeaker: readonly AudioCodec[],
): RemoteFormat | undefined {
  const offered = media.formats.flatMap((format) => {
    const codec = usableCodec(format);
    return codec?.kind === 'audio' ? [{ format, codec }] : [];
  });
  for (const { name, sampleRate } of loudspeaker) {
    const same = offered.find(({ codec }) => codec.name === name && codec.sampleRate === sampleRate);
    if (same) return same.format;
  }
  return loudspeaker.length > 0 ? offered.find(({ codec }) => PCM.has(codec.name))?.format : undefined;
}
