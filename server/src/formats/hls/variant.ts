/** Which variant of a master playlist is taken: the best of those that can be shown. */
import type { AudioRendition, ParsedMaster, Variant } from './playlist-parser.ts';

export interface Choice {
  readonly variant: Variant;
  /** Playlist of its sound, where that is one of its own. */
  readonly audioUri: string | undefined;
}

const VIDEO = /^(?:avc[13]|hvc1|hev1|av01|vp09)(?:\.|$)/i;
const AUDIO = /^(?:mp4a|opus|mp3|flac)(?:\.|$)/i;

/**
 * The highest bandwidth whose codecs are all known, else whose video is, else the first of all. Codecs that the playlist
 * does not name are taken for known ones. Undefined if there is no variant.
 */
export function chooseVariant({ variants, audio }: ParsedMaster): Choice | undefined {
  const byBandwidth = variants.toSorted((a, b) => b.bandwidth - a.bandwidth);
  const variant =
    byBandwidth.find(({ codecs }) => codecs.every((codec) => VIDEO.test(codec) || AUDIO.test(codec))) ??
    byBandwidth.find(({ codecs }) => codecs.some((codec) => VIDEO.test(codec))) ??
    variants[0];
  return variant && { variant, audioUri: audioUri(variant, audio) };
}

function audioUri({ audioGroup, codecs }: Variant, audio: readonly AudioRendition[]): string | undefined {
  const hasUnknownSound = codecs.length > 0 && !codecs.some((codec) => AUDIO.test(codec));
  if (audioGroup === undefined || hasUnknownSound) return undefined;
  const renditions = audio.filter(({ group }) => group === audioGroup);
  return (renditions.find(({ isDefault }) => isDefault) ?? renditions[0])?.uri;
}
