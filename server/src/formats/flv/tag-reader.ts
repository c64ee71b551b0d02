/**
 * Tags to packets: what FLV files and RTMP connections have in common.
 *
 *   sequence header ─→ Track     coded data ─→ Packet     onMetaData ─→ which tracks to expect
 *
 * Times are 32-bit ms and wrap after 49 days. Audio counts its samples as long as the times agree within their
 * rounding, so that frames of 21.33 ms lie without gaps.
 */
import { aacCodec, parseAudioSpecificConfig } from '../../codecs/aac.ts';
import { av1Codec, isAv1Key } from '../../codecs/av1.ts';
import { type AudioCodec, audioCodec, type Codec, sameCodec } from '../../codecs/codec.ts';
import { parseMp3Header } from '../../codecs/mp3.ts';
import { opusCodec, opusPacketDuration } from '../../codecs/opus.ts';
import { UnitReader } from '../../codecs/unit-reader.ts';
import type { Track, WritePacket } from '../../core/model.ts';
import { type AmfObject, decodeAmf0 } from './amf0.ts';
import { parseAudioTag, parseVideoTag, TAG_TYPE, type Tag } from './tag.ts';

const VIDEO_ID = 0;
const AUDIO_ID = 1;
/** Senders round to a ms up or down. */
const ROUNDING_SECONDS = 0.0015;
const AV1C_HEAD_BYTES = 4;
const AV1_TEMPORAL_DELIMITER = 0x12;
const OPUS_HEAD_CHANNELS = 9;

export class TagReader {
  /** Tags that were skipped because their bytes make no sense. */
  corrupt = 0;
  #video: Track | undefined;
  #audio: Track | undefined;
  #expectsVideo = true;
  #expectsAudio = true;
  #units: UnitReader | undefined;
  /** Time of the last coded data, as it came and without wraps. */
  #timestamp: number | undefined;
  #ms = 0;
  #nextAudio = 0;
  #samples = 1024;

  get tracks(): readonly Track[] {
    return [this.#video, this.#audio].filter((track) => track !== undefined);
  }

  /** Video and audio are known, or metadata said that there is only one of them. */
  get ready(): boolean {
    const missing = (this.#expectsVideo && !this.#video) || (this.#expectsAudio && !this.#audio);
    return !missing && this.tracks.length > 0;
  }

  /** Takes the body of a tag, which becomes the reader's own. */
  push(type: number, timestamp: number, body: Buffer, write: WritePacket): void {
    if (body.length === 0) return;
    if (type === TAG_TYPE.script) this.#readScript(body);
    if (type !== TAG_TYPE.video && type !== TAG_TYPE.audio) return;
    const tag = type === TAG_TYPE.video ? parseVideoTag(body) : parseAudioTag(body);
    if (!tag || tag.kind === 'other') return;
    const content = body.subarray(tag.start, tag.end);
    if (tag.kind === 'config') {
      if (content.length > 0 && !this.#configure(tag, Buffer.from(content))) this.corrupt++;
      return;
    }
    if (content.length === 0) return;
    const ms = this.#unwrap(timestamp);
    if (type === TAG_TYPE.video) this.#readVideo(tag, content, ms, write);
    else this.#readAudio(tag, content, ms, write);
  }

  #readScript(body: Buffer): void {
    const values = decodeAmf0(body);
    const at = values.indexOf('onMetaData');
    const metadata = at < 0 ? undefined : values[at + 1];
    if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) return;
    const { audiocodecid, videocodecid, width, framerate } = metadata as AmfObject;
    const says = (value: unknown): boolean => value !== undefined && value !== 0 && value !== '';
    const hasVideo = says(videocodecid) || says(width) || says(framerate);
    if (!hasVideo && !says(audiocodecid)) return;
    this.#expectsVideo = hasVideo;
    this.#expectsAudio = says(audiocodecid);
  }

  #configure({ codec }: Tag, config: Buffer): boolean {
    switch (codec) {
      case 'h264':
      case 'hevc': {
        const units = this.#unitsOf(codec);
        if (!units.configure(config)) return false;
        return this.#setVideo(units.codec);
      }
      case 'av1': {
        const av1 = config.length > AV1C_HEAD_BYTES ? av1Codec(config.subarray(AV1C_HEAD_BYTES)) : undefined;
        return this.#setVideo(av1);
      }
      case 'aac':
        this.#samples = parseAudioSpecificConfig(config)?.frameLength ?? this.#samples;
        return this.#setAudio(aacCodec(config));
      case 'opus':
        return this.#setAudio(opusCodec(config[OPUS_HEAD_CHANNELS] === 1 ? 1 : 2));
      default:
        return true;
    }
  }

  #unitsOf(name: 'h264' | 'hevc'): UnitReader {
    if (this.#units?.name !== name) this.#units = new UnitReader(name);
    return this.#units;
  }

  #setVideo(codec: Codec | undefined): boolean {
    if (codec && !(this.#video && sameCodec(this.#video.codec, codec))) this.#video = { id: VIDEO_ID, codec };
    return codec !== undefined;
  }

  #setAudio(codec: AudioCodec | undefined): boolean {
    if (codec && !(this.#audio && sameCodec(this.#audio.codec, codec))) this.#audio = { id: AUDIO_ID, codec };
    return codec !== undefined;
  }

  #unwrap(timestamp: number): number {
    this.#ms += this.#timestamp === undefined ? timestamp : (timestamp - this.#timestamp) | 0;
    this.#timestamp = timestamp;
    return this.#ms;
  }

  #readVideo(tag: Tag, content: Buffer, ms: number, write: WritePacket): void {
    const { codec } = tag;
    let data: Buffer | undefined = content;
    let key = tag.key;
    if (codec === 'h264' || codec === 'hevc') {
      const units = this.#unitsOf(codec);
      data = units.canonical(content);
      if (!data) this.corrupt++;
      else if (units.codec) {
        this.#setVideo(units.codec);
        key ||= units.isKey(data);
      }
    } else {
      if (content[0] === AV1_TEMPORAL_DELIMITER && content[1] === 0) data = content.subarray(2);
      key ||= isAv1Key(data);
    }
    const track = this.#video;
    if (!data?.length || track?.codec.name !== codec) return;
    const ticksPerMs = track.codec.timeBase / 1000;
    const dts = ms * ticksPerMs;
    const pts = dts + Math.max(0, tag.compositionMs) * ticksPerMs;
    write({ track, data, pts, dts, duration: 0, key, time: Date.now() });
  }

  #readAudio(tag: Tag, data: Buffer, ms: number, write: WritePacket): void {
    if (tag.codec !== 'aac' && tag.codec !== 'opus') this.#setAudio(codecWithoutConfig(tag, data));
    if (tag.codec === 'opus' && this.#audio?.codec.name !== 'opus') this.#setAudio(opusCodec());
    const track = this.#audio;
    if (track?.codec.name !== tag.codec) return;
    const { timeBase } = track.codec;
    const told = Math.round((ms * timeBase) / 1000);
    const dts = Math.abs(told - this.#nextAudio) <= ROUNDING_SECONDS * timeBase ? this.#nextAudio : told;
    const duration = this.#durationOf(track.codec as AudioCodec, data);
    this.#nextAudio = dts + duration;
    write({ track, data, pts: dts, dts, duration, key: true, time: Date.now() });
  }

  #durationOf({ name, channels }: AudioCodec, data: Buffer): number {
    if (name === 'opus') return opusPacketDuration(data);
    if (name === 'mp3') return parseMp3Header(data)?.samples ?? 0;
    return name === 'aac' ? this.#samples : Math.floor(data.length / channels);
  }
}

/** MP3 frames say what they are; G.711 is as the tag says, on 8 kHz. */
function codecWithoutConfig({ codec, sampleRate, channels }: Tag, data: Buffer): AudioCodec | undefined {
  if (codec !== 'mp3') return audioCodec(codec as 'pcm_alaw' | 'pcm_mulaw', sampleRate, channels);
  const header = parseMp3Header(data);
  return header && audioCodec('mp3', header.sampleRate, header.channels);
}
