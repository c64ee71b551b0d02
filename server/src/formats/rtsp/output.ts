/**
 * The RTP output: a camera's packets as blocks of RTP that all RTSP viewers share.
 *
 * A chunk is one video access unit with the audio that came since the one before, as it goes over TCP: RTP packets
 * each behind `$ channel length`, back to back in one buffer. A viewer costs one write per frame, and no copy.
 * Track n has channels 2n (RTP) and 2n+1 (RTCP); payload type 96+n.
 *
 *   key chunk   [SR track 0][SR track 1] [parameter sets][key frame …] [audio]
 *   chunk       [audio][audio] [frame …]
 *
 * Key chunks begin with sender reports, so that a viewer who starts at one knows the clocks before the first packet.
 */
import type { Codec } from '../../codecs/codec.ts';
import { carriedBy } from '../../core/accepts.ts';
import { StreamError } from '../../core/errors.ts';
import type { Accepts, Muxer, Output, Packet, Track } from '../../core/model.ts';
import { RtpBlockWriter } from '../../rtp/block.ts';
import type { RtpFormat } from '../../rtp/payload.ts';
import { formatOfCodec, RTP_CODECS } from '../../rtp/payload-formats.ts';
import { RtpSender } from '../../rtp/sender.ts';
import { WallClock } from '../../rtp/wall-clock.ts';
import { RtpChunk } from './output-chunk.ts';

const FIRST_PAYLOAD_TYPE = 96;
/** Audio waits for the video frame that it rides with no longer than this. */
const MAX_HELD_SECONDS = 0.06;
const REPORT_INTERVAL_SECONDS = 5;
/** Key frames closer together than this (motion JPEG has nothing else) don't all have reports. */
const KEY_REPORT_INTERVAL_SECONDS = 0.9;

export interface RtpOutputOptions {
  /** Bytes of an RTP packet, header included. */
  readonly packetSize: number;
  /** Text of a source that must not be used. */
  readonly except?: string | undefined;
}

/** Makes the output. Throws StreamError `no_match` where RTP carries nothing of what is accepted. */
export function createRtpOutput(
  accepts: Accepts,
  { packetSize, except }: RtpOutputOptions,
): Output<RtpChunk> {
  let earlier: readonly RtpSender[] = [];
  return {
    key: `rtp/${packetSize}`,
    accepts: carriedBy('rtp', RTP_CODECS, accepts),
    except,
    createMuxer(tracks) {
      const muxer = new RtpMuxer(tracks, packetSize, earlier);
      earlier = muxer.senders;
      return muxer;
    },
  };
}

/** The SDP format of the track at this index. Throws StreamError `unsupported`. */
export function formatOfTrack(codec: Codec, index: number): RtpFormat {
  const format = formatOfCodec(codec, FIRST_PAYLOAD_TYPE + index);
  if (!format) throw new StreamError('unsupported', `${codec.name} cannot be sent by RTP`);
  return format;
}

/** Pictures that were refused before the first that could be sent: this camera's will never do. */
const MAX_REFUSED_PICTURES = 3;
const REFUSAL = 'RTP carries baseline JPEG in 4:2:0 or 4:2:2 only; ask for ?video=h264';

export class RtpMuxer implements Muxer<RtpChunk> {
  readonly contentType = 'application/rtp';
  readonly header: readonly Buffer[] = [];
  readonly tracks: readonly Track[];
  readonly senders: readonly RtpSender[];
  readonly #writer = new RtpBlockWriter();
  readonly #wallClock = new WallClock();
  readonly #hasVideo: boolean;
  /** Sequence numbers at the start of the chunk in progress. */
  #sequences: readonly number[];
  /** When its first packet is to be decoded. */
  #startSeconds = 0;
  #packets = 0;
  #reportedSeconds = Number.NEGATIVE_INFINITY;

  /** `earlier`: senders that the viewers know already; the new ones go on counting where they stand. */
  constructor(tracks: readonly Track[], packetSize: number, earlier: readonly RtpSender[] = []) {
    this.tracks = tracks;
    this.#hasVideo = tracks.some(({ codec }) => codec.kind === 'video');
    this.senders = tracks.map(
      ({ codec }, index) =>
        new RtpSender({
          codec,
          format: formatOfTrack(codec, index),
          writer: this.#writer,
          channel: index * 2,
          packetSize,
          after: earlier[index],
        }),
    );
    this.#sequences = this.#nextSequences();
  }

  mux(packet: Packet): RtpChunk | undefined {
    const sender = this.senders[this.tracks.findIndex(({ id }) => id === packet.track.id)];
    if (!sender) return undefined;
    const { codec } = packet.track;
    const seconds = packet.dts / codec.timeBase;
    const leads = codec.kind === 'video' || !this.#hasVideo;
    if (this.#packets === 0) this.#startSeconds = seconds;
    this.#packets++;
    if (leads && this.#isReportDue(packet.key, seconds)) this.#sendBehindReports(sender, packet, seconds);
    else sender.send(packet);
    if (codec.name === 'mjpeg' && sender.packets === 0 && sender.refused >= MAX_REFUSED_PICTURES)
      throw new StreamError('unsupported', REFUSAL);
    if (!leads && seconds - this.#startSeconds < MAX_HELD_SECONDS) return undefined;
    return this.#take(leads && packet.key);
  }

  #isReportDue(key: boolean, seconds: number): boolean {
    const elapsed = seconds - this.#reportedSeconds;
    return elapsed >= REPORT_INTERVAL_SECONDS || (key && elapsed >= KEY_REPORT_INTERVAL_SECONDS);
  }

  /** Reports, then the frame, then the audio that was held: who starts here is told the clocks first, and sees before it hears. */
  #sendBehindReports(sender: RtpSender, packet: Packet, seconds: number): void {
    const held = this.#writer.take();
    this.#startSeconds = seconds;
    this.#reportedSeconds = seconds;
    this.#wallClock.observe(packet.pts / packet.track.codec.timeBase, packet.time);
    for (const each of this.senders) {
      const ticks = Math.round(seconds * each.codec.timeBase);
      each.addSenderReport(this.#wallClock.wallMs(ticks / each.codec.timeBase), ticks);
    }
    sender.send(packet);
    this.#writer.append(held);
  }

  #take(key: boolean): RtpChunk | undefined {
    const { bytes, offsets } = this.#writer.take();
    const sequences = this.#sequences;
    const packets = this.#packets;
    this.#packets = 0;
    if (offsets.length === 0) return undefined;
    this.#sequences = this.#nextSequences();
    return new RtpChunk({ bytes, offsets, key, packets, sequences, seconds: this.#startSeconds });
  }

  #nextSequences(): number[] {
    return this.senders.map(({ sequence }) => sequence);
  }
}
