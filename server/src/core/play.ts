/** Audio of a producer (a file, a URL, speech) as the microphone of a talk. */
import type { AudioCodec } from '../codecs/codec.ts';
import { StreamError } from './errors.ts';
import type { Microphone, Packet, Producer, WritePacket } from './model.ts';
import type { Stream } from './stream.ts';

/**
 * Plays the first audio track of `producer` on the stream's loudspeaker. Resolves when it has ended or the signal
 * aborts; rejects with StreamError when there is no loudspeaker or no audio. Packets go out when the producer
 * delivers them: it has to keep real time.
 */
export async function play(stream: Stream, producer: Producer, signal: AbortSignal): Promise<void> {
  const audio = producer.tracks.find(({ codec }) => codec.kind === 'audio');
  const stop = new AbortController();
  const until = AbortSignal.any([signal, stop.signal]);
  if (!audio) {
    stop.abort();
    await producer.run(() => {}, until);
    throw new StreamError('no_match', 'nothing to hear in this source');
  }
  let write: WritePacket | undefined;
  const microphone: Microphone = {
    peer: producer.peer,
    codecs: [audio.codec as AudioCodec],
    connect(_codec, receiver) {
      write = receiver;
      if (!receiver) stop.abort();
    },
  };
  let hangUp: (() => void) | undefined;
  try {
    hangUp = await stream.talk(microphone);
    await producer.run((packet: Packet) => {
      if (packet.track.id === audio.id) write?.(packet);
    }, until);
  } catch (error) {
    stop.abort();
    if (!hangUp) await producer.run(() => {}, until);
    throw error;
  } finally {
    hangUp?.();
  }
}
