/**
 * MIME types with codec strings (RFC 6381, and the codecs' own bindings to ISOBMFF).
 *
 *   video/mp4; codecs="avc1.640029,mp4a.40.2"
 *
 * The strings are true, with two exceptions for H.264, because a browser refuses by the string what its decoder plays:
 * reserved constraint bits are cleared, and a profile or level that the standard does not know (cameras write such)
 * is given as High or 4.1. MSE viewers go further, see `limitLevel`.
 */
import type { Codec } from '../../codecs/codec.ts';
import { codecString } from '../../codecs/codec-string.ts';
import { h264CodecString } from '../../codecs/h264.ts';
import type { Track } from '../../core/model.ts';
import { mp3ObjectType } from './sample-entry.ts';

/** The MIME type of an MP4 of these tracks. */
export function mp4ContentType(tracks: readonly Track[]): string {
  const type = tracks.some(({ codec }) => codec.kind === 'video') ? 'video/mp4' : 'audio/mp4';
  return `${type}; codecs="${tracks.map(({ codec }) => mp4CodecString(codec)).join(',')}"`;
}

/** The codec string of a track in MP4. */
export function mp4CodecString(codec: Codec): string {
  switch (codec.name) {
    case 'h264':
      return repairedAvcString(h264CodecString(codec));
    case 'mp3':
      return `mp4a.${mp3ObjectType(codec).toString(16).toUpperCase()}`;
    default:
      return codecString(codec);
  }
}

const AVC_PROFILES: ReadonlySet<number> = new Set([0x42, 0x4d, 0x58, 0x64, 0x6e, 0x7a, 0xf4, 0x2c]);
/** Level times ten, and 9 for level 1b. */
const AVC_LEVELS: ReadonlySet<number> = new Set([
  9, 10, 11, 12, 13, 20, 21, 22, 30, 31, 32, 40, 41, 42, 50, 51, 52, 60, 61, 62,
]);
const HIGH_PROFILE = 0x64;
const LEVEL_4_1 = 41;
const RESERVED_CONSTRAINTS = 0x03;

function repairedAvcString(own: string): string {
  const value = Number.parseInt(own.slice(5), 16);
  const profile = AVC_PROFILES.has(value >> 16) ? value >> 16 : HIGH_PROFILE;
  const constraints = (value >> 8) & 0xff & ~RESERVED_CONSTRAINTS;
  const level = AVC_LEVELS.has(value & 0xff) ? value & 0xff : LEVEL_4_1;
  return avcString((profile << 16) | (constraints << 8) | level);
}

const avcString = (value: number): string => `avc1.${value.toString(16).toUpperCase().padStart(6, '0')}`;

/**
 * Lowers the H.264 level in a MIME type to the highest one that the client named in its own list: cameras claim more
 * than their pictures need, and a client that was not asked for the level refuses the whole stream.
 */
export function limitLevel(contentType: string, clientCodecs: readonly string[]): string {
  const levels = clientCodecs
    .map((codec) => /^avc[13]\.[0-9a-f]{4}([0-9a-f]{2})$/i.exec(codec)?.[1])
    .map((hex) => (hex ? Number.parseInt(hex, 16) : 0));
  const highest = Math.max(0, ...levels);
  if (highest === 0) return contentType;
  return contentType.replace(/avc1\.([0-9A-F]{4})([0-9A-F]{2})/, (text, rest: string, level: string) =>
    Number.parseInt(level, 16) > highest ? avcString(Number.parseInt(rest, 16) * 256 + highest) : text,
  );
}
