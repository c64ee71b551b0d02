/** Whom the servers of streams (RTSP, RTMP) let in from other machines: one rule for all of them. */
import { isLoopbackHost } from '../config/listen.ts';
import type { Credentials } from '../net/digest.ts';
import type { Logger } from '../util/log.ts';

export interface ServerAccess {
  /** Credentials that are as good as those of a section: of programs that belong to us. */
  readonly keys?: readonly Credentials[] | undefined;
  /** Who is not on this machine needs credentials, though the section names none. */
  readonly requireCredentials?: boolean | undefined;
}

/** The users that may come in, the section's own first; undefined: anybody may. */
export function acceptedUsers(
  { username, password }: Partial<Record<keyof Credentials, string | undefined>>,
  { keys = [], requireCredentials = false }: ServerAccess,
): readonly Credentials[] | undefined {
  const own = username || password ? [{ username: username ?? '', password: password ?? '' }] : [];
  return own.length > 0 || requireCredentials ? [...own, ...keys] : undefined;
}

/** Says who is let in where other machines reach a server whose section, `rtsp` or `rtmp`, names no user though it should. */
export function warnWithoutUser(
  section: string,
  host: string | undefined,
  { username, password, requireCredentials }: Parameters<typeof acceptedUsers>[0] & ServerAccess,
  log: Logger,
): void {
  if (!requireCredentials || username || password || isLoopbackHost(host)) return;
  log.warn('other machines are refused, but for the programs of this server', {
    'to let them in': `set ${section}.username and ${section}.password`,
  });
}
