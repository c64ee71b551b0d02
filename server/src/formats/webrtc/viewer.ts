/**
 * A viewing session: the camera's tracks to the peer, its microphone to the camera.
 *
 *   offer ─▶ stream.select (opens the camera) ─▶ answer … connected ─▶ watch: the packets since the last key frame, then live
 *
 * The broadcast is joined when media can flow, so nothing is held for a peer that does not come. The tracks selected for
 * the answer keep the camera open until then.
 */
import type { AudioCodec } from '../../codecs/codec.ts';
import { StreamError, toStreamError } from '../../core/errors.ts';
import type { Accepts } from '../../core/model.ts';
import type { Selection } from '../../core/selection.ts';
import type { AnsweredMedia } from './answer.ts';
import type { RemoteFormat, RemoteMedia } from './description.ts';
import { createMicrophone, type MicrophoneReceiver } from './microphone.ts';
import { acceptsOf, formatFor, microphoneFormat, microphoneMedia, receivingMedia } from './negotiation.ts';
import { createSource, OutgoingMedia, type OutgoingTrack } from './outgoing-media.ts';
import type { SessionContext, SessionSide } from './session.ts';
import type { MediaTransport } from './transport.ts';

/** Nothing fits, and no transcode could be had. */
const NO_PICTURE: ReadonlySet<string> = new Set(['no_match', 'limit', 'process']);

/** A track that goes to the peer, and the section of the offer that takes it. */
interface Outgoing extends OutgoingTrack {
  readonly media: RemoteMedia;
}

/** Opens the camera and finds what fits. Rejects with StreamError (`no_match`, `unreachable` …). */
export async function openViewer(context: SessionContext): Promise<SessionSide> {
  const { offer, stream } = context;
  const accepts = acceptsOf(offer);
  const wanted = context.mayTalk ? microphoneMedia(offer) : undefined;
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
    if (mayTalk && NO_PICTURE.has(toStreamError(error).code)) return undefined;
    throw error;
  }
}

function outgoingTracks({ offer }: SessionContext, selection: Selection): Outgoing[] {
  return selection.liveTracks.flatMap(({ track: { codec } }) => {
    const media = receivingMedia(offer, codec.kind);
    const format = media && formatFor(media, codec);
    if (!media || !format) return [];
    const usesRtx = format.rtxPayloadType !== undefined && format.feedback.includes('nack');
    return [{ media, format, codec, ...createSource(usesRtx) }];
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

class ViewerSide implements SessionSide {
  readonly medias: readonly AnsweredMedia[];
  readonly transport: MediaTransport;
  readonly #context: SessionContext;
  readonly #outgoing: OutgoingMedia;
  readonly #microphone: MicrophoneReceiver | undefined;
  #closed = false;

  constructor(
    context: SessionContext,
    tracks: readonly Outgoing[],
    microphone: { readonly media: RemoteMedia; readonly format: RemoteFormat } | undefined,
    selection: Selection | undefined,
  ) {
    this.#context = context;
    this.medias = answeredMedias(tracks, microphone);
    this.#microphone = microphone && createMicrophone(context, microphone.format);
    this.transport = context.connect({
      onConnected: () => this.#connected(),
      onRtp: (packet) => this.#microphone?.push(packet),
      onRtcp: (packet) => this.#onRtcp(packet),
    });
    const { stream, peer } = context;
    this.#outgoing = new OutgoingMedia({
      stream,
      peer,
      transport: this.transport,
      tracks,
      selection,
      onEnd: (reason) => this.close(reason),
    });
  }

  close(reason?: Error): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#microphone?.close();
    this.#outgoing.leave();
    this.#context.end(reason);
  }

  #connected(): void {
    this.#microphone?.start((packet) => this.transport.sendRtcp(packet));
    void this.#outgoing.join();
  }

  #onRtcp(packet: Buffer): void {
    this.#microphone?.pushRtcp(packet);
    this.#outgoing.onRtcp(packet);
  }
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
