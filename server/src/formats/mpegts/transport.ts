/**
 * MPEG-2 transport stream: its packets, its clock, and the numbers that name its contents.
 *
 *   ┌ 47 │ error start priority pid:13 │ scrambling:2 adaptation:1 payload:1 counter:4 │ [adaptation field] │ payload ┐
 *   └──────────────────────────────── 188 bytes ────────────────────────────────────────────────────────────────────┘
 *   adaptation field: length:8 │ discontinuity randomAccess … pcr:1 … │ [PCR base:33 111111 extension:9] │ stuffing FF…
 *
 * Source of truth: ISO 13818-1 (ITU-T H.222.0) §2.4.3.2 (packet), §2.4.3.4 (adaptation field), §2.4.3.6 (PES), table 2-34
 * (stream types); ETSI TS 101 154 for the intervals; the draft "Encapsulation of Opus in MPEG transport streams", opus-codec.org.
 */

export const PACKET_BYTES = 188;
export const SYNC_BYTE = 0x47;
/** Distances between packets that are met: 192 with a timestamp before each (M2TS), 204 with parity behind each (DVB). */
export const STRIDES = [PACKET_BYTES, 192, 204] as const;
export const HEADER_BYTES = 4;
export const PAYLOAD_BYTES = PACKET_BYTES - HEADER_BYTES;

/** Ticks a second of PTS, DTS and the base of the PCR. */
export const CLOCK_RATE = 90000;
/** PTS, DTS and PCR base count 33 bits: 26.5 hours. */
export const CLOCK_WRAP = 2 ** 33;

export const PAT_PID = 0;
export const NULL_PID = 0x1fff;

/** stream_type of a PMT. */
export const STREAM_TYPE = {
  mpeg1Audio: 0x03,
  mpeg2Audio: 0x04,
  privateData: 0x06,
  adts: 0x0f,
  loas: 0x11,
  h264: 0x1b,
  hevc: 0x24,
  /** Observed: G.711 of 8000 Hz, one channel, as Tapo cameras send it. */
  pcmAlaw: 0x90,
  pcmMulaw: 0x91,
} as const;

/** format_identifier of a registration descriptor, where the stream type is privateData. */
export const REGISTRATION = { opus: 'Opus', hevc: 'HEVC' } as const;

/** stream_id of a PES packet. */
export const STREAM_ID = { privateStream1: 0xbd, audio: 0xc0, video: 0xe0 } as const;

/** Sample rate of pcmAlaw and pcmMulaw. */
export const G711_SAMPLE_RATE = 8000;

/** Writes a PTS or DTS (§2.4.3.7): 5 bytes, `marker` in the top four bits. Returns the offset behind it. */
export function writeTimestamp(target: Buffer, at: number, marker: number, ticks: number): number {
  const high = Math.floor(ticks / 2 ** 30) & 7;
  const middle = Math.floor(ticks / 2 ** 15) & 0x7fff;
  target[at] = (marker << 4) | (high << 1) | 1;
  target.writeUInt16BE((middle << 1) | 1, at + 1);
  target.writeUInt16BE(((ticks & 0x7fff) << 1) | 1, at + 3);
  return at + 5;
}

/** Reads a PTS or DTS; undefined where a marker bit is missing. */
export function readTimestamp(data: Buffer, at: number): number | undefined {
  if (at + 5 > data.length || !(data[at]! & data[at + 2]! & data[at + 4]! & 1)) return undefined;
  const high = (data[at]! >> 1) & 7;
  return high * 2 ** 30 + (data.readUInt16BE(at + 1) >> 1) * 2 ** 15 + (data.readUInt16BE(at + 3) >> 1);
}

/** Writes a PCR (§2.4.3.5) of `ticks` of 90 kHz: 6 bytes. Returns the offset behind it. */
export function writePcr(target: Buffer, at: number, ticks: number): number {
  target.writeUInt32BE(Math.floor(ticks / 2), at);
  target[at + 4] = ((ticks & 1) << 7) | 0x7e;
  target[at + 5] = 0;
  return at + 6;
}

/** Unwrapped ticks → the 33 bits that are sent. */
export function wrapTicks(ticks: number): number {
  const rest = ticks % CLOCK_WRAP;
  return rest < 0 ? rest + CLOCK_WRAP : rest;
}

/** Makes 33-bit timestamps of one stream continuous: each is taken for the nearest to the one before. */
export function createUnwrapper(): (ticks: number) => number {
  let last: number | undefined;
  return (ticks) => {
    last ??= ticks;
    let step = wrapTicks(ticks - last);
    if (step >= CLOCK_WRAP / 2) step -= CLOCK_WRAP;
    last += step;
    return last;
  };
}
