/**
 * Packets of silence. Players of MSE play no picture past the end of the sound, and none at all while there is no
 * sound: a camera that names an audio track and sends nothing on it would stay black.
 *
 *   aac    raw_data_block without a scale factor band: single_channel_element or channel_pair_element, END
 *          (ISO 14496-3 §4.4.2)
 *   opus   a CELT frame of 20 ms that codes nothing (RFC 6716 §3.1)
 *   flac   constant subframes
 */
import { parseAudioSpecificConfig } from '../../codecs/aac.ts';
import { BitWriter } from '../../codecs/bits.ts';
import type { Codec } from '../../codecs/codec.ts';
import { createFlacEncoder } from '../../codecs/flac.ts';

const AAC_LC = 2;
const FLAC_SECONDS = 0.02;

export interface Silence {
  readonly data: Buffer;
  /** Ticks. */
  readonly duration: number;
}

/** One packet of silence; undefined for codecs and channel counts that this does not know. */
export function silenceOf(codec: Codec): Silence | undefined {
  if (codec.kind !== 'audio' || codec.channels < 1 || codec.channels > 2) return undefined;
  const { name, channels, sampleRate, extradata } = codec;
  if (name === 'opus')
    return { data: Buffer.from([channels === 2 ? 0xfc : 0xf8, 0xff, 0xfe]), duration: 960 };
  if (name === 'aac') {
    const audio = extradata && parseAudioSpecificConfig(extradata);
    if (audio?.objectType !== AAC_LC) return undefined;
    return { data: channels === 2 ? channelPair() : singleChannel(), duration: audio.frameLength };
  }
  if (name !== 'flac') return undefined;
  const samples = Math.round(sampleRate * FLAC_SECONDS);
  const encode = createFlacEncoder({ sampleRate, channels });
  return { data: encode(Buffer.alloc(samples * channels * 2)), duration: samples };
}

const ID = { singleChannelElement: 0, channelPairElement: 1, end: 7 } as const;

function singleChannel(): Buffer {
  const bits = new BitWriter();
  bits.bits(ID.singleChannelElement, 3);
  bits.bits(0, 4); // element_instance_tag
  bits.bits(0, 8); // global_gain
  writeEmptyWindow(bits);
  bits.bits(0, 3); // no pulse, TNS, gain control data
  bits.bits(ID.end, 3);
  return bits.finish();
}

function channelPair(): Buffer {
  const bits = new BitWriter();
  bits.bits(ID.channelPairElement, 3);
  bits.bits(0, 4); // element_instance_tag
  bits.bits(1, 1); // common_window
  writeEmptyWindow(bits);
  bits.bits(0, 2); // ms_mask_present
  for (let channel = 0; channel < 2; channel++) {
    bits.bits(0, 8); // global_gain
    bits.bits(0, 3); // no pulse, TNS, gain control data
  }
  bits.bits(ID.end, 3);
  return bits.finish();
}

/** ics_info: one long window, max_sfb 0, no prediction. */
function writeEmptyWindow(bits: BitWriter): void {
  bits.bits(0, 1 + 2 + 1 + 6 + 1);
}
