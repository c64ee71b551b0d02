/** `onMetaData`: what players are told of the tracks before the first tag (FLV §E.5). */
import type { Codec } from '../../codecs/codec.ts';
import { type AmfObject, encodeAmf0, encodeEcmaArray } from './amf0.ts';

/** CodecID of video and SoundFormat of audio; enhanced codecs go by their FourCC as a number. */
const CODEC_IDS: Readonly<Record<string, number>> = {
  h264: 7,
  hevc: fourCc('hvc1'),
  av1: fourCc('av01'),
  aac: 10,
  mp3: 2,
  pcm_alaw: 7,
  pcm_mulaw: 8,
  opus: fourCc('Opus'),
};

function fourCc(text: string): number {
  return Buffer.from(text, 'latin1').readUInt32BE(0);
}

/** The script data: its name, then its values. `names` may put others in front, as publishing by RTMP does. */
export function encodeMetadata(codecs: readonly Codec[], ...names: readonly string[]): Buffer {
  const members: AmfObject = Object.assign({}, ...codecs.map(membersOf), { encoder: 'porthole' });
  return Buffer.concat([encodeAmf0(...names, 'onMetaData'), encodeEcmaArray(members)]);
}

function membersOf(codec: Codec): AmfObject {
  const id = CODEC_IDS[codec.name];
  if (codec.kind === 'video') {
    const size = codec.width > 0 ? { width: codec.width, height: codec.height } : {};
    return { ...size, videocodecid: id };
  }
  return {
    audiocodecid: id,
    audiosamplerate: codec.sampleRate,
    audiosamplesize: 16,
    stereo: codec.channels > 1,
  };
}
