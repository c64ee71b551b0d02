/**
 * Opus: the length of a packet, and the dOps box.
 *
 * Source of truth: RFC 6716 §3.1 (TOC byte), Opus in ISOBMFF §4.3.2 (dOps), RFC 7845 §5.1 (its fields).
 *
 *   packet: config:5 stereo:1 code:2 [code 3: vbr:1 padding:1 frames:6] …
 *   dOps:   version:8 channels:8 preSkip:16 inputSampleRate:32 outputGain:16 mappingFamily:8
 */
import { type AudioCodec, audioCodec } from './codec.ts';

export const OPUS_SAMPLE_RATE = 48000;

/** The longest packet allowed: 120 ms. */
const MAX_PACKET_SAMPLES = 5760;
const SILK_FRAME_SAMPLES = [480, 960, 1920, 2880] as const;
const HYBRID_FRAME_SAMPLES = [480, 960] as const;
const CELT_FRAME_SAMPLES = [120, 240, 480, 960] as const;

/** Samples at 48 kHz in a packet; 0 if it is empty or longer than the 120 ms allowed. */
export function opusPacketDuration(packet: Buffer): number {
  if (packet.length === 0) return 0;
  const toc = packet[0]!;
  const samples = frameCount(packet, toc & 3) * frameSamples(toc >> 3);
  return samples <= MAX_PACKET_SAMPLES ? samples : 0;
}

function frameSamples(config: number): number {
  if (config < 12) return SILK_FRAME_SAMPLES[config & 3]!;
  if (config < 16) return HYBRID_FRAME_SAMPLES[config & 1]!;
  return CELT_FRAME_SAMPLES[config & 3]!;
}

function frameCount(packet: Buffer, code: number): number {
  if (code === 0) return 1;
  if (code < 3) return 2;
  return packet.length > 1 ? packet[1]! & 63 : 0;
}

/** The content of a dOps box for 1 or 2 channels. No pre-skip: a live stream is joined anywhere, there is no encoder delay to cut. */
export function buildDOps(channels: number): Buffer {
  const dOps = Buffer.alloc(11);
  dOps[1] = channels;
  dOps.writeUInt32BE(OPUS_SAMPLE_RATE, 4);
  return dOps;
}

/** Opus always runs on a 48 kHz clock, and is declared stereo in SDP whatever it carries (RFC 7587 §4.1). */
export function opusCodec(channels = 2): AudioCodec {
  return audioCodec('opus', OPUS_SAMPLE_RATE, channels, buildDOps(channels));
}
