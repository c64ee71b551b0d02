/**
 * Session descriptions as RTSP uses them (RFC 8866), read with the repairs that cameras need, and written.
 *
 *   v=0
 *   o=- 1 1 IN IP4 0.0.0.0
 *   s=porthole
 *   c=IN IP4 0.0.0.0
 *   t=0 0
 *   m=video 0 RTP/AVP 96
 *   a=rtpmap:96 H264/90000
 *   a=fmtp:96 packetization-mode=1;profile-level-id=640029;sprop-parameter-sets=Z2QAKa…,aO48sA==
 *   a=recvonly
 *   a=control:trackID=0
 *
 * Directions are the client's: a camera's own media is `recvonly`, its loudspeaker `sendonly` (ONVIF Streaming §5.3).
 */
import { StreamError } from '../core/errors.ts';
import type { RtpFormat } from './payload.ts';

export type SdpDirection = 'recvonly' | 'sendonly' | 'sendrecv' | 'inactive';

export interface SdpMedia {
  readonly kind: 'video' | 'audio' | 'application';
  /** In order of preference. Those with an encoding that we don't know are among them. */
  readonly formats: readonly RtpFormat[];
  readonly direction: SdpDirection;
  /** URL of the media, absolute or relative to that of the session; '' if there is none. */
  readonly control: string;
}

export interface Sdp {
  /** `s=`. */
  readonly name: string;
  readonly control: string;
  readonly medias: readonly SdpMedia[];
}

const MAX_MEDIAS = 32;
const MAX_FORMATS = 64;
const DIRECTIONS: ReadonlySet<string> = new Set(['recvonly', 'sendonly', 'sendrecv', 'inactive']);
/** Its medias have the directions the wrong way round. */
const WRONG_DIRECTION_ORIGIN = 'CV-RTSPHandler';

/** Payload types with a meaning of their own (RFC 3551 §6): encoding, clock rate, channels. */
const STATIC_TYPES: ReadonlyMap<number, readonly [encoding: string, clockRate: number, channels?: number]> =
  new Map([
    [0, ['PCMU', 8000]],
    [8, ['PCMA', 8000]],
    [9, ['G722', 8000]],
    [10, ['L16', 44100, 2]],
    [11, ['L16', 44100]],
    [14, ['MPA', 90000]],
    [26, ['JPEG', 90000]],
  ]);

/** Cameras that send little-endian PCM and say nothing but its bandwidth in kbit/s: clock rate, channels. */
const PCM_BY_BANDWIDTH: ReadonlyMap<string, readonly [clockRate: number, channels: number]> = new Map([
  ['128', [8000, 1]],
  ['256', [16000, 1]],
  ['384', [24000, 1]],
  ['512', [32000, 1]],
  ['705', [44100, 1]],
  ['768', [48000, 1]],
  ['1411', [44100, 2]],
  ['1536', [48000, 2]],
]);

/** The lines of one media, or of the session, by type; of an attribute, by name. */
interface Section {
  readonly first: string;
  readonly attributes: { readonly name: string; readonly value: string }[];
  bandwidth: string;
}

/** Reads a description. Lines that make no sense are passed over. Throws StreamError `protocol` for text that is no SDP at all. */
export function parseSdp(text: string): Sdp {
  const session = section('');
  const medias: Section[] = [];
  let name = '';
  let originUser = '';
  for (const line of text.split(/\r\n|\r|\n/)) {
    const type = line.slice(0, 2).toLowerCase();
    const value = line.slice(2).trim();
    const current = medias.at(-1) ?? session;
    if (type === 'm=' && medias.length < MAX_MEDIAS) medias.push(section(value));
    else if (type === 'a=') current.attributes.push(attribute(value));
    else if (type === 'b=') current.bandwidth = value.replace(/^AS:\s*/i, '');
    else if (type === 's=') name ||= value;
    else if (type === 'o=') originUser = value.split(/\s/, 1)[0] ?? '';
  }
  if (medias.length === 0 && !/^v=/m.test(text))
    throw new StreamError('protocol', 'not a session description (SDP)');
  const everywhere = medias.flatMap((media) => media.attributes);
  return {
    name,
    control: find(session, 'control') ?? '',
    medias: medias.map((media) => ({
      kind: kindOf(media),
      formats: formatsOf(media, everywhere),
      direction: originUser === WRONG_DIRECTION_ORIGIN ? 'recvonly' : directionOf(media, session),
      control: find(media, 'control') ?? '',
    })),
  };
}

const section = (first: string): Section => ({ first, attributes: [], bandwidth: '' });

function attribute(text: string): { name: string; value: string } {
  const colon = text.indexOf(':');
  if (colon < 0) return { name: text.toLowerCase(), value: '' };
  return { name: text.slice(0, colon).trim().toLowerCase(), value: text.slice(colon + 1).trim() };
}

const find = (from: Section, name: string): string | undefined =>
  from.attributes.find((item) => item.name === name)?.value;

function kindOf(media: Section): SdpMedia['kind'] {
  const kind = media.first.split(/\s/, 1)[0]?.toLowerCase();
  return kind === 'video' || kind === 'audio' ? kind : 'application';
}

function directionOf(media: Section, session: Section): SdpDirection {
  const found = [...media.attributes, ...session.attributes].find(({ name }) => DIRECTIONS.has(name));
  return (found?.name as SdpDirection | undefined) ?? 'recvonly';
}

function formatsOf(media: Section, everywhere: Section['attributes']): RtpFormat[] {
  const listed = media.first.split(/\s+/).slice(3);
  const mapped = media.attributes
    .filter(({ name }) => name === 'rtpmap')
    .map(({ value }) => value.split(/\s/)[0]);
  const numbers = [...new Set((listed.length ? listed : mapped).map(Number))];
  return numbers
    .filter((number) => Number.isInteger(number) && number >= 0 && number <= 127)
    .slice(0, MAX_FORMATS)
    .map((number) => formatOf(number, media, everywhere));
}

function formatOf(payloadType: number, media: Section, everywhere: Section['attributes']): RtpFormat {
  const own = (name: string): string | undefined => numbered(media.attributes, name, payloadType);
  const parameters = parseParameters(own('fmtp') ?? '');
  const [encoding, clockRate, channels] = encodingOf(payloadType, own('rtpmap'), media);
  if (encoding === 'H264' && !parameters.has('sprop-parameter-sets')) {
    const elsewhere = everywhere.find(
      ({ name, value }) => name === 'fmtp' && value.includes('sprop-parameter-sets='),
    );
    const sets = parseParameters(elsewhere?.value.replace(/^\d+\s+/, '') ?? '').get('sprop-parameter-sets');
    if (sets) parameters.set('sprop-parameter-sets', sets);
  }
  const size = find(media, 'x-dimensions') ?? own('framesize');
  if (encoding === 'JPEG' && size) parameters.set('x-dimensions', size.replace(/\s+/g, ''));
  return { payloadType, encoding, clockRate, channels, parameters };
}

/** The value of `a=name:number value`. */
function numbered(attributes: Section['attributes'], name: string, number: number): string | undefined {
  const prefix = new RegExp(`^${number}\\s+`);
  const found = attributes.find((item) => item.name === name && prefix.test(item.value));
  return found?.value.replace(prefix, '');
}

function encodingOf(
  payloadType: number,
  rtpmap: string | undefined,
  media: Section,
): [encoding: string, clockRate: number, channels: number] {
  if (rtpmap) {
    const [encoding = '', rate = '', channels = ''] = rtpmap.split('/').map((part) => part.trim());
    const name = encoding.toUpperCase();
    if (name === 'OPUS') return [name, 48000, 2];
    const fallback = kindOf(media) === 'video' ? 90000 : 8000;
    return [name, Number.parseInt(rate, 10) || fallback, Number.parseInt(channels, 10) || 1];
  }
  const known = STATIC_TYPES.get(payloadType);
  if (known) return [known[0], known[1], known[2] ?? 1];
  const pcm = payloadType >= 96 && payloadType <= 98 ? PCM_BY_BANDWIDTH.get(media.bandwidth) : undefined;
  return pcm ? ['PCM', ...pcm] : [String(payloadType), kindOf(media) === 'video' ? 90000 : 8000, 1];
}

/** `a=1; b="2";c` → names in lower case; a value may hold `=`. */
function parseParameters(text: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const item of text.split(';')) {
    const equals = item.indexOf('=');
    const name = (equals < 0 ? item : item.slice(0, equals)).trim().toLowerCase();
    const value = equals < 0 ? '' : item.slice(equals + 1).trim();
    if (name) parameters.set(name, value.replace(/^"(.*)"$/, '$1'));
  }
  return parameters;
}

/** Writes a description of one sender. */
export function buildSdp({ name, control, medias }: Sdp): string {
  const lines = ['v=0', 'o=- 1 1 IN IP4 0.0.0.0', `s=${name || '-'}`, 'c=IN IP4 0.0.0.0', 't=0 0'];
  if (control) lines.push(`a=control:${control}`);
  for (const media of medias) lines.push(...mediaLines(media));
  return `${lines.join('\r\n')}\r\n`;
}

function mediaLines({ kind, formats, direction, control }: SdpMedia): string[] {
  const lines = [`m=${kind} 0 RTP/AVP ${formats.map(({ payloadType }) => payloadType).join(' ')}`];
  for (const { payloadType, encoding, clockRate, channels, parameters } of formats) {
    lines.push(`a=rtpmap:${payloadType} ${encoding}/${clockRate}${channels > 1 ? `/${channels}` : ''}`);
    const { 'x-dimensions': size, ...rest } = Object.fromEntries(parameters);
    const fmtp = Object.entries(rest).map(([key, value]) => (value ? `${key}=${value}` : key));
    if (fmtp.length > 0) lines.push(`a=fmtp:${payloadType} ${fmtp.join(';')}`);
    if (size) lines.push(`a=x-dimensions:${size}`);
  }
  lines.push(`a=${direction}`);
  if (control) lines.push(`a=control:${control}`);
  return lines;
}
