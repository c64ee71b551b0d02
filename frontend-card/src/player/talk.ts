/** The microphone: asks for it, tells in plain words when it can't be had, and measures its level. */
import { text } from './texts.ts';

export interface Microphone {
  readonly track: MediaStreamTrack;
  /** Loudness now, 0 … 1. */
  level(): number;
  close(): void;
}

/** Asks the user for the microphone. Rejects with an Error whose message can be shown. */
export async function openMicrophone(): Promise<Microphone> {
  if (!globalThis.isSecureContext || !navigator.mediaDevices) throw new Error(text('microphoneInsecure'));
  let stream: MediaStream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({
      audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
    });
  } catch (error) {
    throw new Error(microphoneProblem(error instanceof Error ? error.name : ''), { cause: error });
  }
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  analyser.fftSize = 512;
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  return {
    track: stream.getAudioTracks()[0]!,
    level() {
      analyser.getFloatTimeDomainData(samples);
      let sum = 0;
      for (const sample of samples) sum += sample * sample;
      // Speech lies around -30 dBFS: the root of the root mean square spreads it over the meter.
      return Math.min(1, Math.sqrt(Math.sqrt(sum / samples.length)));
    },
    close() {
      for (const track of stream.getTracks()) track.stop();
      void context.close();
    },
  };
}

function microphoneProblem(name: string): string {
  switch (name) {
    case 'NotAllowedError':
      return text('microphoneBlocked');
    case 'NotFoundError':
      return text('microphoneMissing');
    case 'NotReadableError':
      return text('microphoneBusy');
    default:
      return text('microphoneFailed');
  }
}
