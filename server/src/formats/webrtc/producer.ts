/**
 * A WebRTC peer as a source: `webrtc:http(s)://…` (WHEP), `webrtc:ws(s)://…/api/ws?src=…` (another server of this kind),
 * and the products of dialects.ts by `#format=`.
 *
 *   call ─ connected ─▶ media-receiver ─ tracks known ─▶ producer      its loudspeaker, where it takes sound
 */
import { StreamError } from '../../core/errors.ts';
import { createPeer, type Producer } from '../../core/model.ts';
import type { OpenContext, OpenProducer } from '../format.ts';
import type { SourceText } from '../source-text.ts';
import type { Agreement } from './agreement.ts';
import { type PlacedCall, placeCall } from './call.ts';
import { type ChosenDialect, dialectOf } from './dialects.ts';
import { createLoudspeaker } from './loudspeaker.ts';
import { MediaReceiver } from './media-receiver.ts';
import type { OfferedMedia } from './offer.ts';
import { AUDIO_FORMATS, VIDEO_FORMATS } from './offered-formats.ts';
import { createSource } from './outgoing-media.ts';

export const open: OpenProducer = async (source, context) => openDialect(source, context, dialectOf(source));

/** Opens a source by a dialect that is chosen already. Rejects with StreamError. */
export async function openDialect(
  source: SourceText,
  context: OpenContext,
  dialect: ChosenDialect,
): Promise<Producer> {
  const { format = `webrtc/${dialect.name}`, protocol, url } = dialect;
  const peer = createPeer({ format, protocol, url });
  const ready = Promise.withResolvers<void>();
  ready.promise.catch(() => {});
  const onEnd = (reason?: StreamError): void => {
    const cause = reason ?? new StreamError('closed', 'webrtc: the peer ended the session');
    ready.reject(cause);
    receiver?.close(cause);
  };
  let receiver: MediaReceiver | undefined;
  let agreement: Agreement | undefined;
  let call: PlacedCall | undefined;
  const sendRtcp = (packet: Buffer): void => call?.client.transport.sendRtcp(packet);
  call = await placeCall({
    server: context.services.webrtc(),
    source,
    dialect,
    peer,
    medias: wantedMedias(dialect),
    signal: context.signal,
    log: (message, fields) => context.log.debug(message, { stream: context.stream, id: peer.id, ...fields }),
    onAgreed: (agreed) => {
      agreement = agreed;
      receiver = new MediaReceiver({
        medias: agreed.receives,
        peer,
        sendRtcp,
        onReady: ready.resolve,
        onEnd,
      });
    },
    onRtp: (packet) => receiver?.push(packet),
    onRtcp: (packet) => receiver?.pushRtcp(packet),
    onClosed: onEnd,
  });
  return await produce(
    call,
    { peer, receiver: receiver!, agreement: agreement!, ready: ready.promise },
    context,
  );
}

interface Parts {
  readonly peer: Producer['peer'];
  readonly receiver: MediaReceiver;
  readonly agreement: Agreement;
  readonly ready: Promise<void>;
}

async function produce(call: PlacedCall, parts: Parts, { signal }: OpenContext): Promise<Producer> {
  const { peer, receiver, agreement, ready } = parts;
  const stop = (): void => receiver.close();
  try {
    if (agreement.receives.length > 0) {
      receiver.start();
      await abortable(ready, signal);
    }
  } catch (error) {
    stop();
    await call.end();
    throw error;
  }
  const { tracks } = receiver;
  return {
    peer,
    tracks,
    backchannel: createLoudspeaker(agreement.sends, call.client.transport, peer),
    async run(write, runSignal) {
      try {
        await receiver.run(tracks, write, runSignal);
      } finally {
        stop();
        await call.end();
      }
    },
    requestKeyframe: (trackId) => receiver.requestKeyframe(trackId),
  };
}

async function abortable(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  try {
    await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function wantedMedias({ wants }: ChosenDialect): OfferedMedia[] {
  return wants.map((what): OfferedMedia => {
    if (what === 'talk')
      return { kind: 'audio', formats: AUDIO_FORMATS, sends: true, receives: false, ...createSource(false) };
    const formats = what === 'video' ? VIDEO_FORMATS : AUDIO_FORMATS;
    return { kind: what, formats, sends: false, receives: true };
  });
}
