/**
 * NUT, the container that FFmpeg made for pipes: a frame leaves the moment it is made, with its exact time.
 *
 * Source of truth: the NUT specification (nut.txt, version 3; FFmpeg writes it so), minor parts of version 4 are skipped.
 *
 *   "nut/multimedia container\0"
 *   packet:  startcode:64 forward_ptr:v [checksum:32 if that is over 4096] content checksum:32
 *            main header · stream header · syncpoint · info · index
 *   frame:   frame_code:8, an index into the main header's table of flags, stream, pts step and size; what the flags
 *            say is coded follows, then data
 *
 *   v: seven bits a byte, the highest bit says that more follow     s: the same, signed     vb: v and as many bytes
 */

const MAGIC = Buffer.from('nut/multimedia container\0', 'latin1');
const STARTCODE = {
  main: Buffer.from('4e4d7a561f5f04ad', 'hex'),
  stream: Buffer.from('4e5311405bf2f9db', 'hex'),
  syncpoint: Buffer.from('4e4be4adeeca4569', 'hex'),
} as const;
const STARTCODE_BYTES = 8;
const N = 0x4e;

const FLAG = {
  key: 1,
  codedPts: 8,
  streamId: 16,
  sizeMsb: 32,
  checksum: 64,
  reserved: 128,
  headerIndex: 1024,
  matchTime: 2048,
  coded: 4096,
  invalid: 8192,
} as const;

const MAXIMUM_FRAME_BYTES = 64 << 20;
const MAXIMUM_PACKET_BYTES = 1 << 20;
const MAXIMUM_STREAMS = 32;
/** FFmpeg writes a 64-bit number in ten. */
const MAXIMUM_V_BYTES = 16;

/** A stream header. */
export interface NutStream {
  readonly id: number;
  readonly kind: 'video' | 'audio' | 'other';
  readonly fourCc: Buffer;
  /** A tick of its frames' pts, seconds as a fraction. */
  readonly timeBase: readonly [numerator: number, denominator: number];
  /** How many frames that are shown later may come before one. */
  readonly decodeDelay: number;
  readonly extradata: Buffer;
  readonly width: number;
  readonly height: number;
  readonly sampleRate: number;
  readonly channels: number;
}

export interface NutFrame {
  readonly stream: NutStream;
  readonly pts: number;
  readonly key: boolean;
  /** A copy of its own. */
  readonly data: Buffer;
}

interface FrameCode {
  readonly flags: number;
  readonly streamId: number;
  readonly ptsStep: number;
  readonly sizeMultiplier: number;
  readonly sizeLsb: number;
  readonly reserved: number;
  readonly headerIndex: number;
}

interface Main {
  readonly streamCount: number;
  readonly timeBases: readonly (readonly [number, number])[];
  readonly frameCodes: readonly FrameCode[];
  /** What frames have left out at their beginning. */
  readonly elided: readonly Buffer[];
}

interface Lane {
  readonly stream: NutStream;
  readonly ptsShift: number;
  lastPts: number;
}

/** Takes the bytes of a NUT file in pieces of any size; damage is skipped up to the next startcode. */
export class NutReader {
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  /** No use in looking before this many bytes are there. */
  #neededBytes = MAGIC.length;
  #main: Main | undefined;
  readonly #lanes = new Map<number, Lane>();
  /** Times that something damaged was skipped. */
  corrupt = 0;
  #lost = false;

  /** In the order of their ids. */
  get streams(): readonly NutStream[] {
    return [...this.#lanes.values()].map(({ stream }) => stream);
  }

  /** Whether all streams are known that the main header announced. */
  get complete(): boolean {
    return this.#main !== undefined && this.#lanes.size >= this.#main.streamCount;
  }

  /** `bytes` is lent for the call. */
  push(bytes: Buffer, onFrame: (frame: NutFrame) => void): void {
    this.#pending.push(Buffer.from(bytes));
    this.#pendingBytes += bytes.length;
    // A startcode in the middle of a frame: its size was damaged.
    if (this.#pendingBytes < this.#neededBytes && !bytes.includes(STARTCODE.syncpoint)) return;
    const data = this.#pending.length === 1 ? this.#pending[0]! : Buffer.concat(this.#pending);
    let offset = 0;
    this.#neededBytes = 1;
    while (offset < data.length) {
      const end = this.#read(data, offset, onFrame);
      if (end > data.length) {
        this.#neededBytes = end - offset;
        break;
      }
      offset = end;
    }
    this.#pending = offset < data.length ? [data.subarray(offset)] : [];
    this.#pendingBytes = data.length - offset;
  }

  /** The input has ended. */
  flush(): void {
    if (this.#pendingBytes > 0) this.corrupt++;
    this.#pending = [];
    this.#pendingBytes = 0;
  }

  /** Reads one packet or frame and gives where it ends: beyond the data, if it is not there as a whole. */
  #read(data: Buffer, offset: number, onFrame: (frame: NutFrame) => void): number {
    try {
      if (data[offset] === N) return this.#readPacket(data, offset);
      if (data[offset] === MAGIC[0] && data.subarray(offset, offset + MAGIC.length).equals(MAGIC))
        return offset + MAGIC.length;
      return this.#readFrame(data, offset, onFrame);
    } catch (error) {
      if (error instanceof Incomplete) return data.length + 1;
      if (error instanceof Corrupt) {
        if (!this.#lost) this.corrupt++;
        this.#lost = true;
        return nextStartcode(data, offset + 1);
      }
      throw error;
    }
  }

  #readPacket(data: Buffer, offset: number): number {
    const cursor = new Cursor(data, offset);
    const startcode = cursor.bytes(STARTCODE_BYTES);
    const forward = cursor.v();
    if (forward > MAXIMUM_PACKET_BYTES) throw new Corrupt();
    if (forward > 4096) cursor.bytes(4);
    const end = cursor.offset + forward;
    if (end > data.length) return end;
    const content = new Cursor(data.subarray(0, end - 4), cursor.offset);
    try {
      if (startcode.equals(STARTCODE.main)) this.#main = readMain(content);
      else if (startcode.equals(STARTCODE.stream)) this.#readStream(content);
      else if (startcode.equals(STARTCODE.syncpoint)) this.#readSyncpoint(content);
    } catch (error) {
      throw error instanceof Incomplete ? new Corrupt() : error;
    }
    this.#lost = false;
    return end;
  }

  #readStream(cursor: Cursor): void {
    const id = cursor.v();
    const kind = (['video', 'audio'] as const)[cursor.v()] ?? 'other';
    const fourCc = cursor.vb();
    const timeBase = this.#main?.timeBases[cursor.v()];
    const ptsShift = cursor.v();
    cursor.v();
    const decodeDelay = cursor.v();
    cursor.v();
    const extradata = cursor.vb();
    const numbers = kind === 'other' ? [] : [cursor.v(), cursor.v(), cursor.v()];
    const [first = 0, second = 0, third = 0] = numbers;
    if (!timeBase || id >= this.#main!.streamCount || ptsShift > 31) throw new Corrupt();
    const stream: NutStream = {
      id,
      kind,
      fourCc,
      timeBase,
      decodeDelay,
      extradata,
      width: kind === 'video' ? first : 0,
      height: kind === 'video' ? second : 0,
      sampleRate: kind === 'audio' && second > 0 ? first / second : 0,
      channels: kind === 'audio' ? third : 0,
    };
    if (!this.#lanes.has(id)) this.#lanes.set(id, { stream, ptsShift, lastPts: 0 });
  }

  /** Every stream's pts count from here on. */
  #readSyncpoint(cursor: Cursor): void {
    const timeBases = this.#main?.timeBases ?? [];
    if (timeBases.length === 0) return;
    const coded = cursor.v();
    const [numerator, denominator] = timeBases[coded % timeBases.length]!;
    const ticks = BigInt(Math.floor(coded / timeBases.length)) * BigInt(numerator);
    for (const lane of this.#lanes.values()) {
      const [laneNumerator, laneDenominator] = lane.stream.timeBase;
      lane.lastPts = Number(
        (ticks * BigInt(laneDenominator)) / (BigInt(denominator) * BigInt(laneNumerator)),
      );
    }
  }

  #readFrame(data: Buffer, offset: number, onFrame: (frame: NutFrame) => void): number {
    const cursor = new Cursor(data, offset + 1);
    const code = this.#main?.frameCodes[data[offset]!];
    if (!code) throw new Corrupt();
    let { flags } = code;
    if (flags & FLAG.coded) flags ^= cursor.v();
    if (flags & FLAG.invalid) throw new Corrupt();
    const lane = this.#lanes.get(flags & FLAG.streamId ? cursor.v() : code.streamId);
    const codedPts = flags & FLAG.codedPts ? cursor.v() : undefined;
    const size = code.sizeLsb + (flags & FLAG.sizeMsb ? cursor.v() * code.sizeMultiplier : 0);
    if (flags & FLAG.matchTime) cursor.v();
    const elided = this.#main!.elided[flags & FLAG.headerIndex ? cursor.v() : code.headerIndex];
    const reserved = flags & FLAG.reserved ? cursor.v() : code.reserved;
    if (!lane || !elided || reserved > 256 || size < elided.length || size > MAXIMUM_FRAME_BYTES)
      throw new Corrupt();
    for (let index = 0; index < reserved; index++) cursor.v();
    if (flags & FLAG.checksum) cursor.bytes(4);
    const end = cursor.offset + size - elided.length;
    if (data.subarray(cursor.offset, end).includes(STARTCODE.syncpoint)) throw new Corrupt();
    if (end > data.length) return end;
    const pts = codedPts === undefined ? lane.lastPts + code.ptsStep : fullPts(codedPts, lane);
    lane.lastPts = pts;
    const bytes = Buffer.concat([elided, data.subarray(cursor.offset, end)]);
    if (size > 0) onFrame({ stream: lane.stream, pts, key: (flags & FLAG.key) !== 0, data: bytes });
    return end;
  }
}

function readMain(cursor: Cursor): Main {
  const version = cursor.v();
  if (version < 2 || version > 4) throw new Corrupt();
  if (version > 3) cursor.v();
  const streamCount = cursor.v();
  cursor.v();
  const timeBaseCount = cursor.v();
  if (streamCount > MAXIMUM_STREAMS || timeBaseCount > MAXIMUM_STREAMS) throw new Corrupt();
  const timeBases = Array.from({ length: timeBaseCount }, () => [cursor.v(), cursor.v()] as const);
  if (timeBases.some(([numerator, denominator]) => numerator === 0 || denominator === 0)) throw new Corrupt();
  const frameCodes = readFrameCodes(cursor);
  const elidedCount = cursor.v();
  if (elidedCount > 127) throw new Corrupt();
  const elided = [Buffer.alloc(0), ...Array.from({ length: elidedCount }, () => cursor.vb())];
  return { streamCount, timeBases, frameCodes, elided };
}

const INVALID: FrameCode = {
  flags: FLAG.invalid,
  streamId: 0,
  ptsStep: 0,
  sizeMultiplier: 1,
  sizeLsb: 0,
  reserved: 0,
  headerIndex: 0,
};

/** The table is told in runs: fields that a run leaves out are those of the run before it. */
function readFrameCodes(cursor: Cursor): FrameCode[] {
  const codes: FrameCode[] = [];
  let [ptsStep, sizeMultiplier, streamId, headerIndex] = [0, 1, 0, 0];
  while (codes.length < 256) {
    const flags = cursor.v();
    const fields = cursor.v();
    if (fields > 0) ptsStep = cursor.s();
    if (fields > 1) sizeMultiplier = cursor.v();
    if (fields > 2) streamId = cursor.v();
    const sizeLsb = fields > 3 ? cursor.v() : 0;
    const reserved = fields > 4 ? cursor.v() : 0;
    const count = fields > 5 ? cursor.v() : sizeMultiplier - sizeLsb;
    if (fields > 6) cursor.s();
    if (fields > 7) headerIndex = cursor.v();
    for (let field = 8; field < Math.min(fields, 256); field++) cursor.v();
    if (count <= 0) throw new Corrupt();
    for (let index = 0; index < count && codes.length < 256; index++) {
      if (codes.length === N) codes.push(INVALID);
      codes.push({
        flags,
        streamId,
        ptsStep,
        sizeMultiplier,
        sizeLsb: sizeLsb + index,
        reserved,
        headerIndex,
      });
    }
  }
  return codes;
}

/** A pts is coded by its lowest bits, or as a whole where those don't do. */
function fullPts(coded: number, { ptsShift, lastPts }: Lane): number {
  const range = 2 ** ptsShift;
  if (coded >= range) return coded - range;
  const least = lastPts - Math.floor((range - 1) / 2);
  return least + ((((coded - least) % range) + range) % range);
}

/** Where to go on after damage; keeps what may be the beginning of a startcode. */
function nextStartcode(data: Buffer, from: number): number {
  const codes = Object.values(STARTCODE).map((code) => data.indexOf(code, from));
  const found = codes.filter((at) => at >= 0);
  return found.length > 0 ? Math.min(...found) : Math.max(from, data.length - STARTCODE_BYTES + 1);
}

/** The bytes end in the middle. */
class Incomplete extends Error {}
class Corrupt extends Error {}

class Cursor {
  offset: number;
  readonly #data: Buffer;

  constructor(data: Buffer, offset: number) {
    this.#data = data;
    this.offset = offset;
  }

  v(): number {
    let value = 0;
    for (let count = 0; count < MAXIMUM_V_BYTES; count++) {
      const byte = this.#data[this.offset++];
      if (byte === undefined) throw new Incomplete();
      value = value * 128 + (byte & 127);
      if (byte < 128) return value;
    }
    throw new Corrupt();
  }

  s(): number {
    const coded = this.v() + 1;
    return coded % 2 === 1 ? -Math.floor(coded / 2) : coded / 2;
  }

  vb(): Buffer {
    return Buffer.from(this.bytes(this.v()));
  }

  bytes(count: number): Buffer {
    const start = this.offset;
    this.offset += count;
    if (this.offset > this.#data.length) throw new Incomplete();
    return this.#data.subarray(start, this.offset);
  }
}
