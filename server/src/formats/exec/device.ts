/** Device files that sources name. */
import { stat } from 'node:fs/promises';
import { StreamError } from '../../core/errors.ts';

/** Rejects with StreamError `not_found` when there is no such device: "no such sound device: /dev/snd/pcmC0D0c". */
export async function requireDevice(path: string, kind: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (!found) throw new StreamError('not_found', `no such ${kind} device: ${path}`);
}
