/**
 * How ONVIF clients show the API's password: a UsernameToken in the message, or HTTP Digest (ONVIF Core §5.9.4).
 * One user, as for the rest of the API; who asks, and of whom, is the API's rule (api/access.ts).
 */
import { type Credentials, createServerAuth } from '../../net/digest.ts';
import { createTokenCheck, type TokenVerdict } from './username-token.ts';
import type { XmlElement } from './xml.ts';

export interface OnvifAccess {
  /** Checks the HTTP header where there is one, else the message's. */
  check(request: {
    readonly authorization: string | undefined;
    readonly target: string;
    readonly header: XmlElement | undefined;
  }): TokenVerdict | 'stale';
  /** WWW-Authenticate values. */
  challenges(stale: boolean): string[];
}

/** Checks requests against this user. */
export function createOnvifAccess(credentials: Credentials): OnvifAccess {
  const checkToken = createTokenCheck(credentials);
  const http = createServerAuth({ credentials, realm: 'porthole', schemes: ['digest', 'basic'] });
  return {
    check: ({ authorization, target, header }) =>
      authorization === undefined ? checkToken(header) : http.verify(authorization, 'POST', target),
    challenges: (stale) => http.challenges(stale),
  };
}
