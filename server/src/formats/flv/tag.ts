/**
 * The bodies of audio and video tags, which are also the bodies of RTMP's audio and video messages.
 *
 * Source of truth: "Adobe Flash Video File Format Specification 10.1" §E.4.2 and §E.4.3 (below: FLV), "Enhanced RTMP v2"
 * (Veovera), sections "Enhanced Audio" and "Enhanced Video". Codec 12 is observed: Chinese cameras and CDNs have HEVC so.
 *
 *   video   frameType:4 codec:4  [7, 12: packetType:8 compositionTime:s24]  data
 *           1 frameType:3 packetType:4  fourCc:32  [hvc1, avc1 with packetType 1: compositionTime:s24]  data
 *   audio   format:4 rate:2 size:1 stereo:1  [10: packetType:8]  data
 *           1001 packetType:4  fourCc:32  data
 *
 * Enhanced packets may stand behind modifiers (ModEx) and in a frame for many tracks (Multitrack).
 */
import type { AudioCodecName, Codec, CodecName } from '../../codecs/codec.ts';

export const TAG_TYPE = { audio: 8, video: 9, script: 18 } as const;

/** What an audio or video tag brings. */
export interface Tag {
  readonly codec: CodecName;
  /** `config`: a sequence header; `frames`: coded data; `other`: what needs no look (end of sequence, metadata). */
  readonly kind: 'config' | 'frames' | 'other';
  /** As the sender says; true for audio. */
  readonly key: boolean;
  /** Shown this many ms after it is decoded. */
  readonly compositionMs: number;
  /** G.711, MP3: as the header says. */
  readonly sampleRate: number;
  readonly channels: number;
  /** Where config or data begin, and end, in the body. */
  readonly start: number;
  readonly end: number;
}

const ENHANCED = 0x80;
const FRAME = { key: 1, inter: 2, command: 5 } as const;
const VIDEO_CODEC = { h264: 7, hevc: 12 } as const;
/** AVCPacketType, and the first values of VideoPacketType. */
const PACKET = { sequenceStart: 0, codedFrames: 1, codedFramesX: 3, multitrack: 6, modEx: 7 } as const;
const AUDIO_PACKET = { sequenceStart: 0, codedFrames: 1, multitrack: 5, modEx: 7 } as const;
const SOUND = { mp3: 2, alaw: 7, mulaw: 8, enhanced: 9, aac: 10, mp3At8k: 14 } as const;
const SOUND_RATES = [5512, 11025, 22050, 44100] as const;
const TELEPHONE_RATE = 8000;
const MULTITRACK = { one: 0, many: 1, manyCodecs: 2 } as const;

const FOUR_CC: Readonly<Record<string, CodecName>> = {
  avc1: 'h264',
  hvc1: 'hevc',
  av01: 'av1',
  mp4a: 'aac',
  Opus: 'opus',
  '.mp3': 'mp3',
};
const FOUR_CC_OF: Partial<Record<CodecName, string>> = { hevc: 'hvc1', av1: 'av01', opus: 'Opus' };

/** Reads the head of a video tag; undefined if it is cut short or of a codec that we don't have. */
export function parseVideoTag(body: Buffer): Tag | undefined {
  const first = body[0];
  if (first === undefined) return undefined;
  if (first & ENHANCED) return parseEnhanced(body, first & 15, ((first >> 4) & 7) === FRAME.key, true);
  const frameType = first >> 4;
  const codec =
    (first & 15) === VIDEO_CODEC.h264 ? 'h264' : (first & 15) === VIDEO_CODEC.hevc ? 'hevc' : undefined;
  if (!codec || frameType === FRAME.command || body.length < 5) return undefined;
  const kind =
    body[1] === PACKET.sequenceStart ? 'config' : body[1] === PACKET.codedFrames ? 'frames' : 'other';
  return tag(codec, kind, frameType === FRAME.key, 5, body.length, body.readIntBE(2, 3));
}

/** Reads the head of an audio tag; undefined if it is cut short or of a codec that we don't have. */
export function parseAudioTag(body: Buffer): Tag | undefined {
  const first = body[0];
  if (first === undefined) return undefined;
  const sampleRate = SOUND_RATES[(first >> 2) & 3]!;
  const channels = (first & 1) + 1;
  const simple = (codec: AudioCodecName, rate: number): Tag => ({
    ...tag(codec, 'frames', true, 1, body.length, 0),
    sampleRate: rate,
    channels,
  });
  switch (first >> 4) {
    case SOUND.aac:
      if (body.length < 2) return undefined;
      return tag('aac', body[1] === 0 ? 'config' : 'frames', true, 2, body.length, 0);
    case SOUND.mp3:
      return simple('mp3', sampleRate);
    case SOUND.mp3At8k:
      return simple('mp3', TELEPHONE_RATE);
    case SOUND.alaw:
      return simple('pcm_alaw', TELEPHONE_RATE);
    case SOUND.mulaw:
      return simple('pcm_mulaw', TELEPHONE_RATE);
    case SOUND.enhanced:
      return parseEnhanced(body, first & 15, true, false);
    default:
      return undefined;
  }
}

function tag(
  codec: CodecName,
  kind: Tag['kind'],
  key: boolean,
  start: number,
  end: number,
  compositionMs: number,
): Tag {
  return { codec, kind, key, compositionMs, sampleRate: 0, channels: 0, start, end };
}

/** Of many tracks in a tag, the default one: track 0. */
function parseEnhanced(body: Buffer, packetType: number, key: boolean, isVideo: boolean): Tag | undefined {
  let type = packetType;
  let at = 1;
  while (type === PACKET.modEx) {
    if (at + 2 > body.length) return undefined;
    let size = body[at++]! + 1;
    if (size === 256) {
      if (at + 2 > body.length) return undefined;
      size = body.readUInt16BE(at) + 1;
      at += 2;
    }
    at += size;
    if (at >= body.length) return undefined;
    type = body[at++]! & 15;
  }
  if (type !== (isVideo ? PACKET.multitrack : AUDIO_PACKET.multitrack)) {
    return enhancedTag(body, body.toString('latin1', at, at + 4), type, key, at + 4, body.length, isVideo);
  }
  return firstTrack(body, at, key, isVideo);
}

/** `multitrackType:4 packetType:4 [fourCc] {[fourCc] trackId:8 [size:24] data}…` */
function firstTrack(body: Buffer, start: number, key: boolean, isVideo: boolean): Tag | undefined {
  const multitrack = body[start]! >> 4;
  const type = body[start]! & 15;
  let at = start + 1;
  let fourCc = '';
  const readFourCc = (): void => {
    fourCc = body.toString('latin1', at, at + 4);
    at += 4;
  };
  if (multitrack !== MULTITRACK.manyCodecs) readFourCc();
  for (;;) {
    if (multitrack === MULTITRACK.manyCodecs) readFourCc();
    if (at + (multitrack === MULTITRACK.one ? 1 : 4) > body.length) return undefined;
    const trackId = body[at++]!;
    let end = body.length;
    if (multitrack !== MULTITRACK.one) {
      end = at + 3 + body.readUIntBE(at, 3);
      at += 3;
    }
    if (end > body.length) return undefined;
    if (trackId === 0) return enhancedTag(body, fourCc, type, key, at, end, isVideo);
    if (multitrack === MULTITRACK.one) return undefined;
    at = end;
  }
}

function enhancedTag(
  body: Buffer,
  fourCc: string,
  type: number,
  key: boolean,
  start: number,
  end: number,
  isVideo: boolean,
): Tag | undefined {
  const codec = Object.hasOwn(FOUR_CC, fourCc) ? FOUR_CC[fourCc] : undefined;
  const audio = codec === 'aac' || codec === 'opus' || codec === 'mp3';
  if (!codec || audio === isVideo || start > end) return undefined;
  if (type === PACKET.sequenceStart) return tag(codec, 'config', key, start, end, 0);
  if (isVideo && type === PACKET.codedFramesX) return tag(codec, 'frames', key, start, end, 0);
  if (type !== PACKET.codedFrames) return tag(codec, 'other', key, start, end, 0);
  if (codec !== 'h264' && codec !== 'hevc') return tag(codec, 'frames', key, start, end, 0);
  if (start + 3 > end) return undefined;
  return tag(codec, 'frames', key, start + 3, end, body.readIntBE(start, 3));
}

/** Whether a tag can hold this codec. */
export function fitsTag({ name }: Codec): boolean {
  return Object.hasOwn(FOUR_CC_OF, name) || Object.hasOwn(HEAD_OF, name);
}

const HEAD_OF: Partial<Record<CodecName, number>> = {
  h264: VIDEO_CODEC.h264,
  aac: SOUND.aac,
  mp3: SOUND.mp3,
  pcm_alaw: SOUND.alaw,
  pcm_mulaw: SOUND.mulaw,
};

/** The head of a tag with a sequence header (extradata in the form that FLV has). */
export function configHead(codec: Codec): Buffer {
  const fourCc = FOUR_CC_OF[codec.name];
  if (fourCc) {
    const first = codec.kind === 'video' ? ENHANCED | (FRAME.key << 4) : SOUND.enhanced << 4;
    return Buffer.from([first | PACKET.sequenceStart, ...Buffer.from(fourCc)]);
  }
  if (codec.kind === 'video') return Buffer.from([(FRAME.key << 4) | HEAD_OF[codec.name]!, 0, 0, 0, 0]);
  return Buffer.from([soundHead(codec.name, codec.sampleRate, codec.channels), 0]);
}

/** Bytes of the head that `writeFrameHead` writes. */
export function frameHeadBytes(codec: Codec, compositionMs: number): number {
  const fourCc = FOUR_CC_OF[codec.name];
  if (codec.kind === 'audio') return fourCc ? 5 : codec.name === 'aac' ? 2 : 1;
  if (!fourCc) return 5;
  return codec.name === 'hevc' && compositionMs !== 0 ? 8 : 5;
}

/** Writes the head of a tag with coded data at `at`. */
export function writeFrameHead(
  target: Buffer,
  at: number,
  codec: Codec,
  key: boolean,
  compositionMs: number,
): void {
  const fourCc = FOUR_CC_OF[codec.name];
  if (codec.kind === 'audio') {
    target[at] = fourCc
      ? (SOUND.enhanced << 4) | AUDIO_PACKET.codedFrames
      : soundHead(codec.name, codec.sampleRate, codec.channels);
    if (fourCc) target.write(fourCc, at + 1, 'latin1');
    else if (codec.name === 'aac') target[at + 1] = 1;
    return;
  }
  const frame = (key ? FRAME.key : FRAME.inter) << 4;
  if (!fourCc) {
    target[at] = frame | HEAD_OF[codec.name]!;
    target[at + 1] = PACKET.codedFrames;
    target.writeIntBE(compositionMs, at + 2, 3);
    return;
  }
  const withTime = codec.name === 'hevc' && compositionMs !== 0;
  const type = codec.name === 'hevc' && !withTime ? PACKET.codedFramesX : PACKET.codedFrames;
  target[at] = ENHANCED | frame | type;
  target.write(fourCc, at + 1, 'latin1');
  if (withTime) target.writeIntBE(compositionMs, at + 5, 3);
}

/** AAC always says 44.1 kHz, 16 bits, stereo; its config tells (FLV §E.4.2.1). MP3 says the nearest; G.711 has no say. */
function soundHead(name: CodecName, sampleRate: number, channels: number): number {
  const format = name === 'mp3' && sampleRate === TELEPHONE_RATE ? SOUND.mp3At8k : HEAD_OF[name]!;
  if (name === 'aac') return (format << 4) | 0b1111;
  const rate = Math.max(
    0,
    SOUND_RATES.findLastIndex((hertz) => hertz <= sampleRate),
  );
  return (format << 4) | (rate << 2) | 0b10 | (channels > 1 ? 1 : 0);
}
