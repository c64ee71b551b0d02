/**
 * The microphone of a viewer: RTP audio of its session to the loudspeaker of the camera.
 *
 * The camera's loudspeaker is opened with the first sound, not with the session: a page that may talk does not take the
 * loudspeaker from one that does. Silence ends nothing.
 */
import type { AudioCodec } from '../../codecs/codec.ts';
import { toStreamError } from '../../core/errors.ts';
import type { Microphone, WritePacket } from '../../core/model.ts';
import { MediaClock } from '../../rtp/media-clock.ts';
import { rtpPayloadType } from '../../rtp/packet.ts';
import type { RtpFormat } from '../../rtp/payload.ts';
import { RtpReceiver } from '../../rtp/receiver.ts';
import type { RemoteFormat } from './description.ts';
import { usableCodec } from './negotiation.ts';
import type { SessionContext } from './session.ts';

export interface MicrophoneReceiver {
  /** Media can flow: reports go to `sendRtcp`. */
  start(sendRtcp: (packet: Buffer) => void): void;
  push(rtp: Buffer): void;
  pushRtcp(rtcp: Buffer): void;
  close(): void;
}

const RETRY_MS = 5000;
const REPORT_INTERVAL_MS = 5000;

/** `format`: the one that the answer tells the peer to send. */
export function createMicrophone(context: SessionContext, format: RemoteFormat): MicrophoneReceiver {
  const { stream, peer, log } = context;
  const codec = usableCodec(format) as AudioCodec;
  let deliver: WritePacket | undefined;
  let stop: (() => void) | undefined;
  let state: 'silent' | 'opening' | 'talking' | 'closed' = 'silent';
  let retryMs = 0;
  let timer: NodeJS.Timeout | undefined;

  const microphone: Microphone = {
    peer,
    codecs: [codec],
    connect(_codec, write) {
      deliver = write;
      if (!write && state === 'talking') fallSilent();
    },
  };
  const receiver = new RtpReceiver({
    id: 0,
    format: format satisfies RtpFormat,
    clock: new MediaClock(),
    reorder: true,
    write: (packet) => deliver?.(packet),
  });

  const fallSilent = (): void => {
    state = 'silent';
    stop = undefined;
    retryMs = performance.now() + RETRY_MS;
  };

  const talk = async (): Promise<void> => {
    state = 'opening';
    try {
      const end = await stream.talk(microphone);
      if (isClosed()) end();
      else {
        state = 'talking';
        stop = end;
      }
    } catch (error) {
      log('talk', { error: toStreamError(error) });
      if (!isClosed()) fallSilent();
    }
  };
  const isClosed = (): boolean => state === 'closed';

  return {
    start(sendRtcp) {
      timer = setInterval(() => {
        const report = receiver.receiverReport(performance.now());
        if (report) sendRtcp(report);
      }, REPORT_INTERVAL_MS);
    },
    push(rtp) {
      if (rtpPayloadType(rtp, 0) !== format.payloadType) return;
      peer.bytesReceived += rtp.length;
      const nowMs = performance.now();
      if (state === 'silent' && nowMs >= retryMs) void talk();
      receiver.push(rtp, 0, rtp.length, nowMs);
    },
    pushRtcp: (rtcp) => receiver.pushRtcp(rtcp, 0, rtcp.length, performance.now()),
    close() {
      clearInterval(timer);
      state = 'closed';
      stop?.();
    },
  };
}
