/** Which track goes to which request: pure functions. */
import { type AudioCodec, audioCodec, type Codec, describeCodec } from '../codecs/codec.ts';
import { StreamError } from './errors.ts';
import type { Accepts, CodecPattern, MediaRequest } from './model.ts';

/** Whether the pattern names this codec; fields left out of the pattern match anything. */
function matchesPattern(codec: Codec, pattern: CodecPattern): boolean {
  if (codec.name !== pattern.name) return false;
  if (codec.kind === 'video') return true;
  return (
    (pattern.sampleRate === undefined || pattern.sampleRate === codec.sampleRate) &&
    (pattern.channels === undefined || pattern.channels === codec.channels)
  );
}

/** Whether the request takes this codec as it is. */
export function accepts(request: MediaRequest, codec: Codec): boolean {
  if (request.kind !== codec.kind) return false;
  return request.codecs.length === 0 || request.codecs.some((pattern) => matchesPattern(codec, pattern));
}

const PCM_NAMES: ReadonlySet<string> = new Set(['pcm_alaw', 'pcm_mulaw', 'pcm_s16be', 'pcm_s16le']);
const FLAC_SAMPLE_RATES: ReadonlySet<number> = new Set([
  8000, 16000, 22050, 24000, 32000, 44100, 48000, 96000,
]);
const FALLBACK_FLAC_SAMPLE_RATE = 16000;

export const isPcm = (codec: Codec): codec is AudioCodec => PCM_NAMES.has(codec.name);

/** The first codec of the request that a PCM track can be turned into in process (PCM of any kind, FLAC); undefined if there is none. */
export function conversionTarget(request: MediaRequest, codec: Codec): AudioCodec | undefined {
  if (request.kind !== 'audio' || !isPcm(codec)) return undefined;
  for (const { name, sampleRate, channels } of request.codecs) {
    if (name === 'flac') {
      const rate = FLAC_SAMPLE_RATES.has(codec.sampleRate) ? codec.sampleRate : FALLBACK_FLAC_SAMPLE_RATE;
      return audioCodec('flac', sampleRate ?? rate, channels ?? codec.channels);
    }
    const target = { ...codec, name } as AudioCodec;
    if (isPcm(target))
      return audioCodec(target.name, sampleRate ?? codec.sampleRate, channels ?? codec.channels);
  }
  return undefined;
}

/** The error of a viewer that no track fits, naming both sides: "camera offers hevc 2560x1440; viewer accepts h264". */
export function noMatchError(offered: readonly Codec[], wanted: Accepts): StreamError {
  const offers = offered.map(describeCodec).join(', ') || 'nothing';
  const names = wanted.map(({ kind, codecs }) =>
    codecs.length ? [...new Set(codecs.map(({ name }) => name))].join(', ') : `any ${kind}`,
  );
  return new StreamError(
    'no_match',
    `codecs not matched: camera offers ${offers}; viewer accepts ${names.join(', ') || 'nothing'}`,
  );
}
