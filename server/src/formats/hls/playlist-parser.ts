/**
 * Playlists from text. The writer is the twin (playlist-writer.ts).
 *
 *   #EXTM3U
 *   #EXT-X-STREAM-INF:BANDWIDTH=1280000,CODECS="avc1.4d401f,mp4a.40.2",AUDIO="aac"    first level: variants
 *   low/index.m3u8
 *
 *   #EXTM3U
 *   #EXT-X-KEY:METHOD=AES-128,URI="key",IV=0x…                                        second level: segments
 *   #EXT-X-MAP:URI="init.mp4",BYTERANGE="720@0"
 *   #EXTINF:4.000,
 *   #EXT-X-BYTERANGE:1000@720
 *   media.mp4
 *
 * Tags that are not known, such as those of low latency, are skipped: segments are complete without parts.
 *
 * Source of truth: RFC 8216 §4.
 */
import { StreamError } from '../../core/errors.ts';

export interface Variant {
  readonly uri: string;
  /** Bits a second. */
  readonly bandwidth: number;
  /** RFC 6381; empty = not told. */
  readonly codecs: readonly string[];
  /** Group of its audio renditions. */
  readonly audioGroup: string | undefined;
}

/** An EXT-X-MEDIA of type AUDIO. */
export interface AudioRendition {
  readonly group: string;
  /** Undefined: its sound is in the variant itself. */
  readonly uri: string | undefined;
  readonly isDefault: boolean;
}

export interface ParsedMaster {
  readonly kind: 'master';
  readonly variants: readonly Variant[];
  readonly audio: readonly AudioRendition[];
}

export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

export interface Resource {
  readonly uri: string;
  readonly range: ByteRange | undefined;
}

export interface Key {
  readonly method: string;
  readonly uri: string;
  /** 16 bytes; undefined: the sequence number. */
  readonly iv: Buffer | undefined;
  readonly format: string;
}

export interface ParsedSegment extends Resource {
  readonly sequence: number;
  readonly seconds: number;
  /** Counts discontinuities from the start of the stream. */
  readonly discontinuity: number;
  readonly key: Key | undefined;
  /** Its initialization segment, and the key of that. */
  readonly map: (Resource & { readonly key: Key | undefined }) | undefined;
  /** Wall clock of its start, ms since 1970. */
  readonly timeMs: number | undefined;
  /** EXT-X-GAP: the server does not have it. */
  readonly gap: boolean;
}

export interface ParsedMedia {
  readonly kind: 'media';
  readonly targetSeconds: number;
  readonly segments: readonly ParsedSegment[];
  /** Number of the segment after the last. */
  readonly nextSequence: number;
  /** EXT-X-ENDLIST: nothing will be added. */
  readonly ended: boolean;
}

export const MAXIMUM_PLAYLIST_BYTES = 4 << 20;
const MAXIMUM_ENTRIES = 50_000;
const MAXIMUM_SECONDS = 3600;
const DEFAULT_TARGET_SECONDS = 6;

/** Reads a playlist of either level. Throws StreamError `protocol` for what is none, `limit` for one that is too long. */
export function parsePlaylist(text: string): ParsedMaster | ParsedMedia {
  if (text.length > MAXIMUM_PLAYLIST_BYTES) throw new StreamError('limit', 'hls: playlist is too long');
  const lines = text.replace(/^\ufeff/, '').split(/\r\n|\n|\r/);
  if (!lines[0]?.startsWith('#EXTM3U')) throw new StreamError('protocol', 'hls: not a playlist');
  const isMaster = lines.some((line) => /^#EXT-X-(?:STREAM-INF|MEDIA):/.test(line));
  return isMaster ? parseMaster(lines) : parseMedia(lines);
}

function parseMaster(lines: readonly string[]): ParsedMaster {
  const variants: Variant[] = [];
  const audio: AudioRendition[] = [];
  let pending: ReadonlyMap<string, string> | undefined;
  for (const line of lines) {
    const { tag, value } = split(line);
    if (tag === '#EXT-X-STREAM-INF') pending = attributes(value);
    else if (tag === '#EXT-X-MEDIA') {
      const media = attributes(value);
      if (media.get('TYPE') !== 'AUDIO') continue;
      const isDefault = media.get('DEFAULT') === 'YES';
      audio.push({ group: media.get('GROUP-ID') ?? '', uri: media.get('URI'), isDefault });
    } else if (isUri(line) && pending) {
      variants.push({
        uri: line.trim(),
        bandwidth: finite(pending.get('BANDWIDTH'), 0),
        codecs: (pending.get('CODECS') ?? '')
          .split(',')
          .map((codec) => codec.trim())
          .filter(Boolean),
        audioGroup: pending.get('AUDIO'),
      });
      pending = undefined;
    }
    if (variants.length + audio.length > MAXIMUM_ENTRIES) throw tooMany();
  }
  return { kind: 'master', variants, audio };
}

function parseMedia(lines: readonly string[]): ParsedMedia {
  const segments: ParsedSegment[] = [];
  let targetSeconds = 0;
  let sequence = 0;
  let discontinuity = 0;
  let seconds = 0;
  let key: Key | undefined;
  let map: ParsedSegment['map'];
  let timeMs: number | undefined;
  let range: ByteRange | undefined;
  let rangeEnd = 0;
  let rangeUri: string | undefined;
  let byteRange: string | undefined;
  let gap = false;
  let ended = false;
  for (const line of lines) {
    const { tag, value } = split(line);
    switch (tag) {
      case '#EXT-X-TARGETDURATION':
        targetSeconds = clamp(finite(value, 0));
        break;
      case '#EXT-X-MEDIA-SEQUENCE':
        if (segments.length === 0) sequence = wholeNumber(value);
        break;
      case '#EXT-X-DISCONTINUITY-SEQUENCE':
        if (segments.length === 0) discontinuity += wholeNumber(value);
        break;
      case '#EXT-X-DISCONTINUITY':
        discontinuity++;
        break;
      case '#EXTINF':
        seconds = clamp(finite(value.split(',', 1)[0], 0));
        break;
      case '#EXT-X-BYTERANGE':
        byteRange = value;
        break;
      case '#EXT-X-GAP':
        gap = true;
        break;
      case '#EXT-X-KEY':
        key = parseKey(attributes(value));
        break;
      case '#EXT-X-MAP':
        map = parseMap(attributes(value), key);
        break;
      case '#EXT-X-PROGRAM-DATE-TIME':
        timeMs = finite(String(Date.parse(value)), Number.NaN);
        break;
      case '#EXT-X-SKIP':
        sequence += wholeNumber(attributes(value).get('SKIPPED-SEGMENTS'));
        break;
      case '#EXT-X-ENDLIST':
        ended = true;
        break;
      default:
        if (!isUri(line)) break;
        if (segments.length >= MAXIMUM_ENTRIES) throw tooMany();
        range =
          byteRange === undefined
            ? undefined
            : parseRange(byteRange, rangeUri === line.trim() ? rangeEnd : 0);
        rangeEnd = range ? range.offset + range.length : 0;
        rangeUri = line.trim();
        segments.push({
          uri: rangeUri,
          range,
          sequence: sequence++,
          seconds,
          discontinuity,
          key,
          map,
          timeMs: timeMs === undefined || Number.isNaN(timeMs) ? undefined : timeMs,
          gap,
        });
        timeMs = undefined;
        byteRange = undefined;
        gap = false;
    }
  }
  const longest = segments.reduce((most, segment) => Math.max(most, segment.seconds), 0);
  return {
    kind: 'media',
    targetSeconds: targetSeconds || longest || DEFAULT_TARGET_SECONDS,
    segments,
    nextSequence: sequence,
    ended,
  };
}

function split(line: string): { tag: string; value: string } {
  if (!line.startsWith('#EXT')) return { tag: '', value: '' };
  const colon = line.indexOf(':');
  return colon < 0
    ? { tag: line.trim(), value: '' }
    : { tag: line.slice(0, colon), value: line.slice(colon + 1).trim() };
}

const isUri = (line: string): boolean => line.trim() !== '' && !line.startsWith('#');

/** `NAME=value,NAME="quoted, value"` (§4.2). */
function attributes(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [, name = '', quoted, plain = ''] of text.matchAll(/([A-Z0-9-]+)=(?:"([^"]*)"|([^",]*))/g))
    found.set(name, quoted ?? plain.trim());
  return found;
}

function parseKey(values: ReadonlyMap<string, string>): Key | undefined {
  const method = values.get('METHOD') ?? 'NONE';
  if (method === 'NONE') return undefined;
  const hex = /^0x([0-9a-f]{1,32})$/i.exec(values.get('IV') ?? '')?.[1];
  return {
    method,
    uri: values.get('URI') ?? '',
    iv: hex === undefined ? undefined : Buffer.from(hex.padStart(32, '0'), 'hex'),
    format: values.get('KEYFORMAT') ?? 'identity',
  };
}

function parseMap(values: ReadonlyMap<string, string>, key: Key | undefined): ParsedSegment['map'] {
  const uri = values.get('URI');
  const range = values.get('BYTERANGE');
  if (uri === undefined) return undefined;
  return { uri, range: range === undefined ? undefined : parseRange(range, 0), key };
}

/** `length[@offset]`; without an offset it follows on the range before it. */
function parseRange(text: string, end: number): ByteRange | undefined {
  const [, length, offset] = /^(\d{1,15})(?:@(\d{1,15}))?$/.exec(text.trim()) ?? [];
  if (length === undefined) return undefined;
  return { length: Number(length), offset: offset === undefined ? end : Number(offset) };
}

function finite(text: string | undefined, otherwise: number): number {
  const value = text === undefined || text.trim() === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : otherwise;
}

const clamp = (seconds: number): number => Math.min(Math.max(seconds, 0), MAXIMUM_SECONDS);

function wholeNumber(text: string | undefined): number {
  const value = finite(text, 0);
  return value >= 0 && value <= Number.MAX_SAFE_INTEGER / 2 ? Math.floor(value) : 0;
}

const tooMany = (): StreamError => new StreamError('limit', 'hls: playlist has too many entries');
