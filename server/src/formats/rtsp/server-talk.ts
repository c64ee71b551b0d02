/**
 * The microphone of an RTSP client: the ONVIF audio backchannel (ONVIF Streaming §5.3), seen from the server.
 *
 * A client that wants to talk says so in DESCRIBE (`Require: www.onvif.org/ver20/backchannel`, or `?backchannel=1`). The
 * SDP then has one more audio media, `a=sendonly`, with the codecs that it may choose from; the payload type of its
 * packets says which it took. The talk begins with the first packet.
 */
import { type AudioCodec, audioCodec } from '../../codecs/codec.ts';
import type { Microphone, Peer, WritePacket } from '../../core/model.ts';
import type { Stream } from '../../core/stream.ts';
import { MediaClock } from '../../rtp/media-clock.ts';
import { isRtp, rtpPayloadType } from '../../rtp/packet.ts';
import type { RtpFormat } from '../../rtp/payload.ts';
import { codecOfFormat, formatOfCodec } from '../../rtp/payload-formats.ts';
import { RtpReceiver } from '../../rtp/receiver.ts';
import type { Logger } from '../../util/log.ts';

/** What every loudspeaker can be given: PCM is converted in process. */
const COMMON_CODECS: readonly AudioCodec[] = [
  audioCodec('pcm_alaw', 8000),
  audioCodec('pcm_mulaw', 8000),
  audioCodec('pcm_s16be', 16000),
  audioCodec('pcm_alaw', 16000),
  audioCodec('pcm_mulaw', 16000),
  audioCodec('pcm_s16be', 8000),
];
const STATIC_TYPES: Readonly<Record<string, number>> = { pcm_mulaw: 0, pcm_alaw: 8 };

/** The formats to offer: what the loudspeaker takes as it is, then PCM. Dynamic payload types begin at `firstType`. */
export function talkFormats(loudspeaker: readonly AudioCodec[], firstType: number): RtpFormat[] {
  const formats = new Map<string, RtpFormat>();
  let nextType = firstType;
  for (const codec of [...loudspeaker, ...COMMON_CODECS]) {
    const fixed = codec.sampleRate === 8000 && codec.channels === 1 ? STATIC_TYPES[codec.name] : undefined;
    const format = formatOfCodec(codec, fixed ?? nextType);
    if (!format || nextType > 127) continue;
    const key = `${format.encoding}/${format.clockRate}/${format.channels}`;
    if (formats.has(key)) continue;
    formats.set(key, format);
    if (fixed === undefined) nextType++;
  }
  return [...formats.values()];
}

export interface TalkOptions {
  readonly stream: Stream;
  readonly formats: readonly RtpFormat[];
  readonly peer: Peer;
  readonly log: Logger;
}

/** The way from the client's packets to the camera's loudspeaker. */
export class TalkBack {
  readonly #options: TalkOptions;
  #receiver: RtpReceiver | undefined;
  #write: WritePacket | undefined;
  #stop: (() => void) | undefined;
  #closed = false;

  constructor(options: TalkOptions) {
    this.#options = options;
  }

  /** An RTP packet of the client. */
  push(bytes: Buffer, start: number, end: number, nowMs: number): void {
    if (this.#closed) return;
    if (!this.#receiver && isRtp(bytes, start, end)) this.#begin(rtpPayloadType(bytes, start));
    this.#receiver?.push(bytes, start, end, nowMs);
  }

  close(): void {
    this.#closed = true;
    this.#write = undefined;
    this.#stop?.();
    this.#stop = undefined;
  }

  #begin(payloadType: number): void {
    const { formats, stream, peer, log } = this.#options;
    const format = formats.find((item) => item.payloadType === payloadType);
    const codec = format && codecOfFormat(format);
    if (!format || codec?.kind !== 'audio') return;
    this.#receiver = new RtpReceiver({
      id: 0,
      format,
      clock: new MediaClock(),
      write: (packet) => this.#write?.(packet),
    });
    const microphone: Microphone = {
      peer,
      codecs: [codec],
      connect: (_, write) => {
        this.#write = write;
      },
    };
    stream.talk(microphone).then(
      (stop) => {
        if (this.#closed) stop();
        else this.#stop = stop;
      },
      (error) => log.warn('talk refused', { stream: stream.name, error }),
    );
  }
}
