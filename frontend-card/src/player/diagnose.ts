/** Whose fault it is that nothing comes: asks the server how it fares with the camera. */
import { apiUrl } from './url.ts';

const TIMEOUT_MS = 4000;

interface StreamInfo {
  readonly producers?: readonly { readonly error?: string; readonly receivers?: readonly unknown[] }[] | null;
}

/**
 * Why none of the stream's sources runs, in the server's words; undefined when one does, or nothing is known.
 * Rejects when the server does not answer.
 */
export async function diagnose(base: string, src: string): Promise<string | undefined> {
  const response = await fetch(apiUrl(base, 'api/streams', { src }), {
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const { producers } = (await response.json()) as StreamInfo;
  if (producers?.some(({ receivers }) => receivers?.length)) return undefined;
  return producers?.find(({ error }) => error)?.error;
}
