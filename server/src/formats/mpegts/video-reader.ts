/**
 * H.264 and HEVC out of PES packets.
 *
 * Nearly always a PES packet is an access unit, and it is written at once. Several in one are told apart by their NAL
 * units; those without a timestamp of their own follow the one before. Where PES packets are seen to begin in the
 * middle of an access unit (a slice each, or cut anywhere), units end where the next one begins from then on.
 *
 * A picture without a DTS is decoded when it is shown. Where no picture has one, but they are not in the order of their PTS
 * (observed: GStreamer's mpegtsmux behind h265parse), decode times are found as for RTP.
 *
 *   PES      ┌ PTS 1 │ AUD SPS PPS slice slice ┐┌ PTS 2 │ AUD slice ┬ AUD slice ┐
 *   packets    dts 1                               dts 2              dts 2 + interval
 *
 * Source of truth: ISO 13818-1 §2.14 and §2.17: timestamps are those of the first access unit that begins in the packet.
 */
import type { VideoCodec } from '../../codecs/codec.ts';
import { NAL_RULES, type NalRules } from '../../codecs/nal-rules.ts';
import { ParameterSets } from '../../codecs/parameter-sets.ts';
import { UnitAssembler } from '../../codecs/unit-assembler.ts';
import { DecodeTime, reorderDepth } from '../../rtp/decode-time.ts';
import { CLOCK_RATE } from './transport.ts';

/** Ticks of 90 kHz, unwrapped. */
export interface Times {
  readonly pts: number;
  readonly dts: number | undefined;
}

/** Receives the packets of an elementary stream, with the codec they are of. */
export type EmitVideo = (codec: VideoCodec, data: Buffer, pts: number, dts: number, key: boolean) => void;

const START_CODE = Buffer.from([0, 0, 1]);
const MAX_PENDING_BYTES = 8 << 20;
const DEFAULT_INTERVAL_TICKS = CLOCK_RATE / 25;

export class VideoReader {
  readonly #rules: NalRules;
  readonly #emit: EmitVideo;
  readonly #sets = new ParameterSets();
  readonly #assembler: UnitAssembler;
  /** PES packets begin with access units, as far as we have seen. */
  #aligned = true;
  /** The last NAL unit, start code included, that may go on in the next PES packet; empty while aligned. */
  #pending: Buffer = Buffer.alloc(0);
  /** Of a PES packet in which no access unit has begun yet. */
  #unused: Times | undefined;
  #hasPicture = false;
  #endedWhole = false;
  /** Of the unit in progress. */
  #times: Times | undefined;
  /** As long as nobody has told a decode time. */
  #decodeTime: DecodeTime | undefined = new DecodeTime(CLOCK_RATE);
  #timedCodec: VideoCodec | undefined;
  /** Decode time of the unit in progress. */
  #dts = 0;
  /** Decode time of the last unit that had one of its own. */
  #timedDts: number | undefined;
  #interval = DEFAULT_INTERVAL_TICKS;
  #unitsSinceTimes = 0;

  constructor(name: 'h264' | 'hevc', emit: EmitVideo) {
    this.#rules = NAL_RULES[name];
    this.#emit = emit;
    this.#assembler = new UnitAssembler(this.#rules, this.#sets, (data, _, key) => this.#write(data, key));
  }

  get codec(): VideoCodec | undefined {
    return this.#assembler.codec;
  }

  get corrupt(): number {
    return this.#assembler.corrupt;
  }

  /** `payload` is lent. */
  push(payload: Buffer, times: Times | undefined): void {
    const boundary = this.#pending.length;
    const data = boundary > 0 ? Buffer.concat([this.#pending, payload]) : payload;
    let at = data.indexOf(START_CODE);
    if (this.#aligned && this.#endedWhole && this.#continues(data, at)) this.#aligned = false;
    this.#endedWhole = false;
    let fresh = times;
    while (at >= 0) {
      const start = at + START_CODE.length;
      const next = data.indexOf(START_CODE, start);
      if (next < 0 && !this.#aligned) break;
      let end = next < 0 ? data.length : next;
      while (end > start && data[end - 1] === 0) end--;
      if (start >= boundary + START_CODE.length && fresh) {
        this.#unused = fresh;
        fresh = undefined;
      }
      if (end > start) this.#nal(data, start, end);
      at = next;
    }
    if (this.#aligned) {
      if (this.#hasPicture) this.#endUnit();
      this.#endedWhole = true;
      this.#unused = undefined;
      return;
    }
    if (fresh) this.#unused = fresh;
    this.#pending = Buffer.from(data.subarray(at < 0 ? data.length : at));
    if (this.#pending.length > MAX_PENDING_BYTES) this.lost();
  }

  /** A PES packet is missing, or its end. */
  lost(): void {
    this.#pending = Buffer.alloc(0);
    this.#endedWhole = false;
    if (!this.#aligned) this.#assembler.lost();
  }

  /** Nothing comes any more. */
  flush(): void {
    const rest = this.#pending;
    this.#pending = Buffer.alloc(0);
    if (rest.length > START_CODE.length) this.#nal(rest, START_CODE.length, rest.length);
    if (this.#hasPicture) this.#endUnit();
  }

  /** Whether the data goes on where the last PES packet ended: it begins without a start code, or with a later slice. */
  #continues(data: Buffer, firstStartCode: number): boolean {
    if (firstStartCode < 0 || firstStartCode > 5) return true;
    const nal = data.subarray(firstStartCode + START_CODE.length);
    return nal.length > 2 && this.#rules.kindOf(nal[0]!) === 'slice' && !this.#rules.beginsUnit(nal);
  }

  #nal(data: Buffer, start: number, end: number): void {
    const nal = data.subarray(start, end);
    if (this.#hasPicture && this.#rules.beginsUnit(nal)) this.#endUnit();
    if (this.#unused && !this.#hasPicture) {
      this.#times = this.#unused;
      this.#unused = undefined;
    }
    const kind = this.#rules.kindOf(nal[0]!);
    // Such as the Dolby Vision metadata of HEVC (types 62 and 63): no decoder of ours asks for it.
    if (kind === 'invalid') return;
    this.#assembler.begin(0);
    this.#assembler.nal(data, start, end);
    this.#hasPicture ||= kind === 'slice';
  }

  #endUnit(): void {
    this.#settleTimes();
    this.#assembler.end();
    this.#times = undefined;
    this.#hasPicture = false;
  }

  /** A unit without timestamps follows the one before at the usual distance. */
  #settleTimes(): void {
    this.#unitsSinceTimes++;
    if (this.#times) {
      const dts = this.#decodeTimeOf(this.#times);
      const interval = (dts - (this.#timedDts ?? dts)) / this.#unitsSinceTimes;
      if (interval > 0 && interval <= CLOCK_RATE) this.#interval = Math.round(interval);
      this.#dts = dts;
      this.#timedDts = dts;
      this.#unitsSinceTimes = 0;
    } else if (this.#timedDts !== undefined) {
      this.#dts = this.#timedDts + this.#interval * this.#unitsSinceTimes;
      this.#times = { pts: this.#dts, dts: this.#dts };
    }
  }

  #decodeTimeOf({ pts, dts }: Times): number {
    if (dts !== undefined) this.#decodeTime = undefined;
    const codec = this.#assembler.codec ?? this.#rules.codecOf(this.#sets);
    if (this.#decodeTime && codec !== this.#timedCodec) {
      this.#timedCodec = codec;
      this.#decodeTime.setDepth(reorderDepth(codec));
    }
    return dts ?? this.#decodeTime?.next(pts) ?? pts;
  }

  #write(data: Buffer, key: boolean): void {
    const { codec } = this.#assembler;
    if (!codec || !this.#times) return;
    this.#emit(codec, data, Math.max(this.#times.pts, this.#dts), this.#dts, key);
  }
}
