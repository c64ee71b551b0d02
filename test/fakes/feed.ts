/** One track of a fake camera: a clip in real time, looped, as RTP with sender reports. Runs as long as the camera does. */
import type { Clip } from './clips.ts';
import { packetize } from './packetize.ts';

export type FeedListener = (kind: 'rtp' | 'rtcp', bytes: Buffer) => void;

export interface Feed {
  readonly kind: 'video' | 'audio';
  readonly payloadType: number;
  /** `m=` line and attributes, without `a=control`. */
  sdp(): string[];
  /** Sequence number and timestamp of the next packet, for RTP-Info. */
  position(): { readonly seq: number; readonly rtptime: number };
  subscribe(listener: FeedListener): () => void;
  start(): Promise<void>;
  stop(): void;
}

export interface ClipFeedOptions {
  /** Where parameter sets are told; default both. */
  readonly parameterSets?: 'sdp' | 'band' | 'both';
  readonly senderReports?: boolean;
  /** Drops (false) or passes each RTP packet, by its number; for loss. */
  readonly passes?: (index: number) => boolean;
  /** Sends each packet for which this is true after the one that follows it. */
  readonly delays?: (index: number) => boolean;
  readonly payloadType?: number;
  /** Replaces the fmtp line. */
  readonly fmtp?: string;
}

const TICK_MS = 10;
const REPORT_INTERVAL_MS = 1000;
/** Seconds between 1900 (NTP) and 1970. */
const NTP_EPOCH = 2_208_988_800;

const random = (bits: number): number => Math.floor(Math.random() * 2 ** bits);

export class ClipFeed implements Feed {
  readonly kind: 'video' | 'audio';
  readonly payloadType: number;
  readonly #options: ClipFeedOptions;
  readonly #listeners = new Set<FeedListener>();
  #ssrc = 0;
  #firstTimestamp = 0;
  #sequence = 0;
  #clip: Clip;
  #nextClip: Clip | undefined;
  #next = 0;
  /** Media time at which the clip's current round began. */
  #roundSeconds = 0;
  #startedAt = 0;
  #packets = 0;
  #octets = 0;
  #numbered = 0;
  #delayed: Buffer | undefined;
  #timers: NodeJS.Timeout[] = [];

  constructor(clip: Clip, options: ClipFeedOptions = {}) {
    this.#clip = clip;
    this.#options = options;
    this.kind = clip.kind;
    const fixed = clip.clockRate === 8000 ? { PCMU: 0, PCMA: 8 }[clip.encoding as string] : undefined;
    this.payloadType = options.payloadType ?? fixed ?? (clip.kind === 'video' ? 96 : 97);
  }

  sdp(): string[] {
    const { encoding, clockRate, channels, kind } = this.#clip;
    const map =
      encoding === 'opus' ? 'opus/48000/2' : `${encoding}/${clockRate}${channels > 1 ? `/${channels}` : ''}`;
    const fmtp = this.#options.fmtp ?? this.#fmtp();
    return [
      `m=${kind} 0 RTP/AVP ${this.payloadType}`,
      `a=rtpmap:${this.payloadType} ${map}`,
      ...(fmtp ? [`a=fmtp:${this.payloadType} ${fmtp}`] : []),
    ];
  }

  position(): { seq: number; rtptime: number } {
    return { seq: this.#sequence, rtptime: this.#timestamp(this.#dueSeconds()) };
  }

  subscribe(listener: FeedListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async start(): Promise<void> {
    this.#ssrc = random(32);
    this.#firstTimestamp = random(32);
    this.#sequence = random(16);
    this.#next = 0;
    this.#roundSeconds = 0;
    this.#startedAt = performance.now();
    this.#timers = [setInterval(() => this.#tick(), TICK_MS)];
    if (this.#options.senderReports !== false) {
      this.#timers.push(setInterval(() => this.#report(), REPORT_INTERVAL_MS));
    }
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers = [];
  }

  /** Goes over to another clip of the same codec at its next key frame: a new resolution, say. */
  switchTo(clip: Clip): void {
    this.#nextClip = clip;
  }

  /** RTP timestamps (and the clock of the sender reports' RTP side) jump. */
  jumpClock(seconds: number): void {
    this.#firstTimestamp = (this.#firstTimestamp + Math.round(seconds * this.#clip.clockRate)) >>> 0;
  }

  #dueSeconds(): number {
    return this.#roundSeconds + this.#clip.units[this.#next]!.seconds;
  }

  #timestamp(seconds: number): number {
    return (this.#firstTimestamp + Math.round(seconds * this.#clip.clockRate)) % 2 ** 32;
  }

  #tick(): void {
    const elapsed = (performance.now() - this.#startedAt) / 1000;
    for (;;) {
      if (this.#nextClip && this.#clip.units[this.#next]!.key) {
        this.#roundSeconds = this.#dueSeconds();
        this.#clip = this.#nextClip;
        this.#next = 0;
        this.#nextClip = undefined;
      }
      if (this.#dueSeconds() > elapsed) return;
      this.#send();
      if (++this.#next < this.#clip.units.length) continue;
      this.#next = 0;
      this.#roundSeconds += this.#clip.seconds;
    }
  }

  #send(): void {
    const unit = this.#clip.units[this.#next]!;
    const told = this.#options.parameterSets !== 'sdp' && unit.key && this.kind === 'video';
    const payloads = packetize(this.#clip, unit, told ? this.#clip.parameterSets : []);
    const timestamp = this.#timestamp(this.#dueSeconds());
    for (const [index, payload] of payloads.entries()) {
      const header = Buffer.alloc(12);
      header[0] = 0x80;
      header[1] = (index === payloads.length - 1 ? 0x80 : 0) | this.payloadType;
      header.writeUInt16BE(this.#sequence, 2);
      header.writeUInt32BE(timestamp, 4);
      header.writeUInt32BE(this.#ssrc, 8);
      this.#sequence = (this.#sequence + 1) & 0xffff;
      this.#packets++;
      this.#octets += payload.length;
      this.#emitRtp(this.#numbered++, Buffer.concat([header, payload]));
    }
  }

  #report(): void {
    const wall = Date.now() / 1000 + NTP_EPOCH;
    const report = Buffer.alloc(28);
    report.writeUInt32BE(0x80c80006, 0);
    report.writeUInt32BE(this.#ssrc, 4);
    report.writeUInt32BE(Math.floor(wall), 8);
    report.writeUInt32BE(Math.floor((wall % 1) * 2 ** 32), 12);
    report.writeUInt32BE(this.#timestamp((performance.now() - this.#startedAt) / 1000), 16);
    report.writeUInt32BE(this.#packets >>> 0, 20);
    report.writeUInt32BE(this.#octets >>> 0, 24);
    this.#emit('rtcp', report);
  }

  #emitRtp(index: number, packet: Buffer): void {
    const { passes, delays } = this.#options;
    if (passes?.(index) === false) return;
    const late = this.#delayed;
    this.#delayed = !late && delays?.(index) ? packet : undefined;
    if (!this.#delayed) this.#emit('rtp', packet);
    if (late) this.#emit('rtp', late);
  }

  #emit(kind: 'rtp' | 'rtcp', bytes: Buffer): void {
    for (const listener of this.#listeners) listener(kind, bytes);
  }

  #fmtp(): string {
    const { encoding, parameterSets } = this.#clip;
    const inSdp = this.#options.parameterSets !== 'band';
    const base64 = parameterSets.map((bytes) => bytes.toString('base64'));
    if (encoding === 'H264') {
      const profile = `profile-level-id=${parameterSets[0]!.toString('hex', 1, 4).toUpperCase()}`;
      const sets = inSdp ? `;${profile};sprop-parameter-sets=${base64.join(',')}` : '';
      return `packetization-mode=1${sets}`;
    }
    if (encoding === 'H265') {
      return inSdp ? `sprop-vps=${base64[0]};sprop-sps=${base64[1]};sprop-pps=${base64[2]}` : '';
    }
    if (encoding === 'MPEG4-GENERIC') {
      const config = parameterSets[0]!.toString('hex').toUpperCase();
      return `streamtype=5;profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;config=${config}`;
    }
    return '';
  }
}
