/** How playlists are recognised before they are read: by content type, by path, else by how they begin. */
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { toStreamError } from '../../core/errors.ts';
import { FORMATS } from '../index.ts';

const HEAD = '#EXTM3U';
/** Types that servers give to what they do not know. */
const VAGUE_TYPE = /^\s*(?:text\/|application\/octet-stream|binary\/octet-stream|$)/i;

/** By what the answer says. */
export function isPlaylist(contentType: string, url: string): boolean {
  const mimeType = contentType.split(';', 1)[0]!.trim().toLowerCase();
  const row = FORMATS.find(({ name }) => name === 'hls');
  return row?.mimeTypes?.includes(mimeType) === true || /^[^?#]*\.m3u8?(?:[?#]|$)/i.test(url);
}

/** By the first bytes, where the type is a vague one; they stay in the body. Rejects with StreamError when the signal aborts. */
export async function beginsAsPlaylist(
  body: Readable,
  contentType: string,
  signal: AbortSignal,
): Promise<boolean> {
  if (!VAGUE_TYPE.test(contentType)) return false;
  try {
    if (body.readableLength === 0 && !body.readableEnded) await once(body, 'readable', { signal });
  } catch (error) {
    throw toStreamError(signal.aborted ? signal.reason : error);
  }
  const head = body.read() as Buffer | null;
  if (head) body.unshift(head);
  return head?.toString('latin1', 0, HEAD.length) === HEAD;
}
