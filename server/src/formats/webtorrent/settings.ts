/** The `webtorrent` section of the config, and the rules for names and passwords of shares. */
import { StreamError } from '../../core/errors.ts';
import type { Share } from './cipher.ts';

const MIN_NAME_LENGTH = 8;
const MIN_PASSWORD_LENGTH = 4;
const MAX_LENGTH = 128;

/** The tracker in use: the first of the list. Throws StreamError `unsupported` where there is none. */
export function trackerOf(section: Readonly<Record<string, unknown>>): string {
  const { trackers } = section;
  const [tracker] = Array.isArray(trackers) ? trackers : [];
  if (typeof tracker !== 'string')
    throw new StreamError('unsupported', 'webtorrent: no tracker in the config');
  return tracker;
}

/** Checks the lengths. Throws StreamError `invalid_source`. */
export function checkShare(name: string, password: string): Share {
  if (name.length < MIN_NAME_LENGTH || name.length > MAX_LENGTH)
    throw new StreamError('invalid_source', `webtorrent: a share has at least ${MIN_NAME_LENGTH} letters`);
  if (password.length < MIN_PASSWORD_LENGTH || password.length > MAX_LENGTH)
    throw new StreamError(
      'invalid_source',
      `webtorrent: a password has at least ${MIN_PASSWORD_LENGTH} letters`,
    );
  return { name, password };
}
