/**
 * A viewing session: the camera's tracks to the peer, its microphone to the camera.
 *
 *   offer ─▶ stream.select (opens the camera) ─▶ answer … connected ─▶ watch: the packets since the last key frame, then live
 *
 * The broadcast is joined when media can flow, so nothing is held for a peer that does not come. The tracks selected for
 * the answer keep the camera open until then.
 */
import { randomBytes } from 'node:crypto';
import type { AudioCodec, Codec } from '../../codecs/codec.ts';
import { type Watch, watch } from '../../core/broadcast.ts';
import { StreamError, toStreamError } from '../../core/errors.ts';
import type { Accepts, Viewer } from '../../core/model.ts';
import type { Selection } from '../../core/selection.ts';
import { goodbye, parseRtcp } from '../../rtp/rtcp.ts';
import type { AnsweredMedia } from './answer.ts';
import type { RemoteFormat, RemoteMedia } from './description.ts';
import { MediaSender } from './media-sender.ts';
import { createMicrophone, type MicrophoneReceiver } from './microphone.ts';
import { acceptsOf, formatFor, microphoneFormat, microphoneMedia, receivingMedia } from './negotiation.ts';
import { createPayloadOutput, type PayloadChunk, type PayloadMuxer } from './output.ts';
import type { SessionContext, SessionSide } from './session.ts';
import { TrackSender } from './track-sender.ts';

const REPORT_INTERVAL_MS = 2000;

/** A track that goes to the peer. */
interface Outgoing {
  readonly media: RemoteMedia;
  readonly format: RemoteFormat;
  readonly codec: Codec;
  readonly ssrc: number;
  readonly rtxSsrc: number | undefined;
}

/** Opens the camera and finds what fits. Rejects with StreamError (`no_match`, `unreachable` …). */
export async function openViewer(context: SessionContext): Promise<SessionSide> {
  const { offer, stream } = context;
  const accepts = acceptsOf(offer);
  const wanted = microphoneMedia(offer);
  const [selection, loudspeaker] = await Promise.all([
    accepts.length > 0 ? select(context, accepts, wanted !== undefined) : undefined,
    wanted ? stream.findTalkCodecs() : [],
  ]);
  const format = wanted && microphoneFormat(wanted, loudspeaker);
  const microphone = wanted && format && { media: wanted, format };
  const outgoing = selection ? outgoingTracks(context, selection) : [];
  if (outgoing.length === 0 && !microphone) {
    selection?.release();
    throw nothingFits(loudspeaker, wanted !== undefined);
  }
  return new ViewerSide(context, outgoing, microphone, selection);
}

/** A session that can talk goes on without a picture. */
async function select(
  { stream }: SessionContext,
  accepts: Accepts,
  mayTalk: boolean,
): Promise<Selection | undefined> {
  try {
    return await stream.select(accepts);
  } catch (error) {
    if (mayTalk && toStreamError(error).code === 'no_match') return undefined;
    throw error;
  }
}

function outgoingTracks({ offer }: SessionContext, selection: Selection): Outgoing[] {
  return selection.liveTracks.flatMap(({ track: { codec } }) => {
    const media = receivingMedia(offer, codec.kind);
    const format = media && formatFor(media, codec);
    if (!media || !format) return [];
    const ssrc = randomBytes(4).readUInt32BE();
    const usesRtx = format.rtxPayloadType !== undefined && format.feedback.includes('nack');
    const rtxSsrc = usesRtx ? randomBytes(4).readUInt32BE() : undefined;
    return [{ media, format, codec, ssrc, rtxSsrc }];
  });
}

function nothingFits(loudspeaker: readonly AudioCodec[], asked: boolean): StreamError {
  if (!asked)
    return new StreamError('no_match', 'codecs not matched: the offer receives nothing that we can send');
  const names = loudspeaker.map(({ name }) => name).join(', ');
  return new StreamError(
    'no_match',
    names ? `codecs not matched: the loudspeaker takes ${names}` : 'the camera has no loudspeaker',
  );
}

class ViewerSide implements SessionSide, Viewer<PayloadChunk> {
  readonly medias: readonly AnsweredMedia[];
  readonly transport;
  readonly peer;
  readonly #context: SessionContext;
  readonly #outgoing: readonly Outgoing[];
  readonly #left = new AbortController();
  readonly #microphone: MicrophoneReceiver | undefined;
  #selection: Selection | undefined;
  #sender: MediaSender | undefined;
  #watch: Watch | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    context: SessionContext,
    outgoing: readonly Outgoing[],
    microphone: { readonly media: RemoteMedia; readonly format: RemoteFormat } | undefined,
    selection: Selection | undefined,
  ) {
    this.#context = context;
    this.peer = context.peer;
    this.#outgoing = outgoing;
    this.#selection = selection;
    this.medias = answeredMedias(outgoing, microphone);
    this.#microphone = microphone && createMicrophone(context, microphone.format);
    this.transport = context.connect({
      onConnected: () => this.#connected(),
      onRtp: (packet) => this.#microphone?.push(packet),
      onRtcp: (packet) => this.#onRtcp(packet),
    });
  }

  get queuedBytes(): number {
    return this.#sender?.queuedBytes ?? 0;
  }

  start(muxer: PayloadMuxer): void {
    this.#sender ??= this.#createSender(muxer);
    this.#sender.start(muxer);
  }

  write(chunk: PayloadChunk): void {
    this.#sender?.write(chunk);
  }

  close(reason?: Error): void {
    if (this.#left.signal.aborted) return;
    this.#left.abort();
    clearInterval(this.#timer);
    this.#selection?.release();
    this.#watch?.close();
    this.#microphone?.close();
    this.#sender?.close();
    for (const { ssrc } of this.#outgoing) this.transport.sendRtcp(goodbye(ssrc));
    this.#context.end(reason);
  }

  async #connected(): Promise<void> {
    this.#microphone?.start((packet) => this.transport.sendRtcp(packet));
    if (this.#outgoing.length === 0) return;
    try {
      const output = createPayloadOutput(this.#outgoing.map(({ codec }) => requestOf(codec)));
      this.#watch = await watch(this.#context.stream, output, this, this.#left.signal);
      this.#sender?.endBurst();
      this.#report();
      this.#timer = setInterval(() => this.#report(), REPORT_INTERVAL_MS);
    } catch (error) {
      this.close(toStreamError(error));
    } finally {
      this.#selection?.release();
      if (this.#left.signal.aborted) this.#watch?.close();
    }
  }

  /** A sender for each track of the muxer. */
  #createSender(muxer: PayloadMuxer): MediaSender {
    const senders = muxer.tracks.map(({ codec }) => {
      const outgoing = this.#outgoing.find((candidate) => candidate.codec.name === codec.name);
      if (!outgoing) return undefined;
      const { format, ssrc, rtxSsrc } = outgoing;
      return new TrackSender({
        ssrc,
        srtp: this.transport.createSender(ssrc, format.payloadType),
        rtx: rtxSsrc === undefined ? undefined : this.transport.createSender(rtxSsrc, format.rtxPayloadType!),
        nack: format.feedback.includes('nack'),
      });
    });
    return new MediaSender(() => this.transport.path, senders);
  }

  #onRtcp(packet: Buffer): void {
    this.#microphone?.pushRtcp(packet);
    parseRtcp(packet, 0, packet.length, {
      nack: (ssrc, sequence) => this.#sender?.retransmit(ssrc, sequence),
      keyframeRequest: () => this.#context.stream.requestKeyframe(),
    });
  }

  #report(): void {
    for (const report of this.#sender?.reports() ?? []) this.transport.sendRtcp(report);
  }
}

/** The codec of a track that was matched, and no other. */
function requestOf(codec: Codec): Accepts[number] {
  const { kind, name } = codec;
  if (kind === 'video') return { kind, codecs: [{ name }] };
  return { kind, codecs: [{ name, sampleRate: codec.sampleRate, channels: codec.channels }] };
}

function answeredMedias(
  outgoing: readonly Outgoing[],
  microphone: { readonly media: RemoteMedia; readonly format: RemoteFormat } | undefined,
): AnsweredMedia[] {
  const medias: AnsweredMedia[] = outgoing.map(({ media, format, ssrc, rtxSsrc }) => {
    const talks = microphone?.media === media;
    // The peer sends the first format: its microphone's comes before the one that it receives.
    const formats = talks ? [...new Set([microphone.format, format])] : [format];
    return { media, formats, sends: true, receives: talks, ssrc, rtxSsrc };
  });
  if (microphone && !medias.some(({ media }) => media === microphone.media))
    medias.push({ media: microphone.media, formats: [microphone.format], sends: false, receives: true });
  return medias;
}
