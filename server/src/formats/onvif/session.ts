/**
 * Requests to one ONVIF camera: SOAP over HTTP, and the two ways in which cameras ask who we are.
 *
 *   credentials ─→ UsernameToken ─→ answer
 *                     │ 401 with a challenge, or refused and then a 401 without the token
 *                     └→ HTTP Digest (or Basic) ─→ answer, and from now on
 *
 * ONVIF Core §5.9: a camera has one of them or both; not both in one request. Many check the token's time against
 * their own clock, which may be years off: it is read first (GetSystemDateAndTime needs no credentials) and followed.
 */
import { StreamError, toStreamError } from '../../core/errors.ts';
import { createClientAuth } from '../../net/digest.ts';
import { type HttpReply, requestHttp } from '../../net/http-request.ts';
import { type Address, formatAddress } from '../../net/url.ts';
import { CONTENT_TYPE, type Fault, type Prefix, readEnvelope, readFault, writeEnvelope } from './soap.ts';
import { writeUsernameToken } from './username-token.ts';
import { find, type Markup, textAt, type XmlElement, xml } from './xml.ts';

/** How one request differs from most. */
export interface CallOptions {
  /** In the header, before the token. */
  readonly header?: Markup | undefined;
  readonly prefixes?: readonly Prefix[] | undefined;
  /** Where a part of the device listens elsewhere. */
  readonly port?: number | undefined;
  /** For requests that the device answers when something happens. */
  readonly timeoutMs?: number | undefined;
  /** In the place of the session's. */
  readonly signal?: AbortSignal | undefined;
}

export interface OnvifSession {
  /** The answer's element, such as GetProfilesResponse. Rejects with StreamError: `unauthorized`, `unsupported` … */
  call(path: string, request: Markup, options?: CallOptions): Promise<XmlElement>;
  /** Reads the camera's clock; where it doesn't tell, ours is taken. */
  readClock(path: string): Promise<void>;
}

const TIMEOUT_MS = 5000;
/** Behind this port cameras speak HTTPS, with a certificate of their own making. */
const TLS_PORT = 443;
const MAXIMUM_ANSWER_BYTES = 1 << 20;
const MAXIMUM_ATTEMPTS = 4;

/** An answer, read as far as it can be. */
interface Answer {
  readonly http: HttpReply;
  readonly content: XmlElement | undefined;
  readonly fault: Fault | undefined;
}

/** A session with the host and the credentials of this address; its path is not used. */
export function createSession(address: Address, signal: AbortSignal): OnvifSession {
  const where = formatAddress({ ...address, scheme: 'onvif', target: '' });
  const { credentials } = address;
  const httpAuth = credentials && createClientAuth(credentials);
  let usesToken = credentials !== undefined;
  let skewMs = 0;

  const post = async (
    path: string,
    request: Markup,
    options: CallOptions = {},
    authorized = true,
  ): Promise<Answer> => {
    const { header, prefixes, port = address.port, timeoutMs = TIMEOUT_MS } = options;
    const token =
      authorized && usesToken && credentials && writeUsernameToken(credentials, Date.now() + skewMs);
    const authorization = authorized && !usesToken ? httpAuth?.authorize('POST', path) : undefined;
    const http = await requestHttp({
      method: 'POST',
      address: { ...address, scheme: port === TLS_PORT ? 'https' : 'http', port, target: path },
      headers: { 'content-type': CONTENT_TYPE['1.2'], ...(authorization && { authorization }) },
      body: writeEnvelope(request, {
        header: header && token ? xml`${header}${token}` : header || token || undefined,
        ...(prefixes && { prefixes }),
      }),
      timeoutMs,
      maximumBytes: MAXIMUM_ANSWER_BYTES,
      signal: options.signal ?? signal,
    });
    return readAnswer(http);
  };

  return {
    async call(path, request, options) {
      let answered = false;
      for (let attempt = 0; attempt < MAXIMUM_ATTEMPTS; attempt++) {
        const answer = await post(path, request, options);
        if (!isRefusal(answer)) return contentOf(answer, where);
        if (!httpAuth) throw new StreamError('unauthorized', `${where}: user and password needed`);
        const challenges = answer.http.headers['www-authenticate'] ?? [];
        if (challenges.length > 0) {
          const outcome = httpAuth.challenge(challenges);
          if (outcome === 'unsupported' || (answered && outcome !== 'stale')) break;
          answered = true;
        } else if (!usesToken) {
          break;
        }
        usesToken = false;
      }
      throw new StreamError('unauthorized', `${where}: wrong user or password`);
    },

    async readClock(path) {
      const sentAt = Date.now();
      const { http, content } = await post(path, xml`<tds:GetSystemDateAndTime/>`, {}, false);
      const utc = find(content, 'SystemDateAndTime', 'UTCDateTime');
      const camera = utc ? readDateTime(utc) : Date.parse(http.headers.date?.[0] ?? '');
      if (Number.isFinite(camera)) skewMs = camera - (sentAt + Date.now()) / 2;
    },
  };
}

function readAnswer(http: HttpReply): Answer {
  try {
    const { content } = readEnvelope(http.body.toString('utf8'));
    return { http, content, fault: readFault(content) };
  } catch (error) {
    if (toStreamError(error).code !== 'protocol') throw error;
    return { http, content: undefined, fault: undefined };
  }
}

/** Cameras say it by status, by code (`NotAuthorized`, WSS's `FailedAuthentication`), or in words alone. */
function isRefusal({ http, fault }: Answer): boolean {
  if (http.status === 401) return true;
  if (!fault) return false;
  return (
    fault.codes.some((code) =>
      /^(?:NotAuthorized|FailedAuthentication|FailedCheck|InvalidSecurity|MustUnderstand)/i.test(code),
    ) || /not authorized|unauthorized|authenticat/i.test(fault.reason)
  );
}

function contentOf({ http, content, fault }: Answer, where: string): XmlElement {
  if (fault) {
    const words = [fault.codes.slice(1).join('/') || fault.codes[0], fault.reason].filter(Boolean).join(': ');
    throw new StreamError(faultCode(fault), `${where}: the camera refused: ${words}`);
  }
  if (content) return content;
  const { status } = http;
  if (status === 403) throw new StreamError('unauthorized', `${where}: forbidden (403)`);
  if (status === 404) throw new StreamError('not_found', `${where}: no ONVIF at this path (404)`);
  const type = http.headers['content-type']?.[0]?.split(';', 1)[0] || 'something';
  throw new StreamError('protocol', `${where}: answered with ${type} (status ${status}), not with ONVIF`);
}

function faultCode({ codes }: Fault): 'unsupported' | 'not_found' | 'protocol' {
  if (codes.some((code) => /^(?:ActionNotSupported|OptionalActionNotImplemented|UnknownAction)$/.test(code)))
    return 'unsupported';
  return codes.some((code) => /^No(?:Profile|Entity|Config)$/.test(code)) ? 'not_found' : 'protocol';
}

/** `<tt:Time><tt:Hour>…</tt:Time><tt:Date><tt:Year>…</tt:Date>` in ms since 1970; NaN if it is none. */
function readDateTime(utc: XmlElement): number {
  const part = (...path: string[]): number => Number.parseInt(textAt(utc, ...path), 10);
  return Date.UTC(
    part('Date', 'Year'),
    part('Date', 'Month') - 1,
    part('Date', 'Day'),
    part('Time', 'Hour'),
    part('Time', 'Minute'),
    part('Time', 'Second'),
  );
}
