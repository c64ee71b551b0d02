/**
 * RTSP requests and responses: text to objects and back (RFC 2326 §4-§7, RFC 7826 where it clarifies).
 *
 *   DESCRIBE rtsp://camera/stream RTSP/1.0 ␍␊      RTSP/1.0 200 OK ␍␊
 *   CSeq: 2 ␍␊                                     CSeq: 2 ␍␊
 *   ␍␊                                             Content-Length: 460 ␍␊ ␍␊ <460 bytes>
 *
 * Reads what cameras really send: any case of header names, LF alone, folded lines, lines without a colon,
 * no CSeq, no reason phrase, blank lines between messages. Writes strictly.
 */
import { StreamError } from '../../core/errors.ts';

/** By lower-case name; one item per header line. */
export type RtspHeaders = ReadonlyMap<string, readonly string[]>;

export interface RtspRequest {
  readonly kind: 'request';
  readonly method: string;
  readonly url: string;
  readonly headers: RtspHeaders;
  readonly body: Buffer;
}

export interface RtspResponse {
  readonly kind: 'response';
  readonly status: number;
  readonly reason: string;
  readonly headers: RtspHeaders;
  readonly body: Buffer;
}

export type RtspMessage = RtspRequest | RtspResponse;

/** A message with the offset of the byte after it; or none yet, with the least offset at which it can be whole. */
export type ParsedMessage =
  | { readonly message: RtspMessage; readonly end: number }
  | { readonly message: undefined; readonly end: number };

/** Header values to write; undefined leaves the header out. */
export type WriteHeaders = Readonly<Record<string, string | number | readonly string[] | undefined>>;

export const MAX_HEADER_BYTES = 16 * 1024;
export const MAX_BODY_BYTES = 256 * 1024;

const LF = 0x0a;
const CR = 0x0d;
const EMPTY = Buffer.alloc(0);

const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  301: 'Moved Permanently',
  302: 'Found',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  408: 'Request Timeout',
  413: 'Request Entity Too Large',
  415: 'Unsupported Media Type',
  451: 'Parameter Not Understood',
  453: 'Not Enough Bandwidth',
  454: 'Session Not Found',
  455: 'Method Not Valid in This State',
  457: 'Invalid Range',
  459: 'Aggregate Operation Not Allowed',
  460: 'Only Aggregate Operation Allowed',
  461: 'Unsupported Transport',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  503: 'Service Unavailable',
  505: 'RTSP Version Not Supported',
  551: 'Option Not Supported',
};

/** First value of a header, by lower-case name. */
export function header(message: { readonly headers: RtspHeaders }, name: string): string | undefined {
  return message.headers.get(name)?.[0];
}

/** Status 2xx. */
export function isOk({ status }: RtspResponse): boolean {
  return status >= 200 && status < 300;
}

/**
 * Reads one message from `buffer[start, end)`; the body is copied. Throws StreamError `protocol` when the first line
 * is not RTSP, `limit` when the header or the body is too long.
 */
export function parseMessage(buffer: Buffer, start: number, end: number): ParsedMessage {
  let line = start;
  while (line < end && (buffer[line] === CR || buffer[line] === LF)) line++;
  const bodyStart = findBody(buffer, line, end);
  const headerEnd = bodyStart < 0 ? end : bodyStart;
  if (headerEnd - line > MAX_HEADER_BYTES)
    throw new StreamError('limit', `RTSP header longer than ${MAX_HEADER_BYTES} bytes`);
  const [first = '', ...rest] = buffer.toString('utf8', line, headerEnd).split('\n');
  if (bodyStart < 0 && rest.length === 0) return { message: undefined, end: end + 1 };
  const startLine = parseStartLine(first.trim());
  if (bodyStart < 0) return { message: undefined, end: end + 1 };
  const headers = parseHeaders(rest);
  const messageEnd = bodyStart + contentLength(headers);
  if (messageEnd > end) return { message: undefined, end: messageEnd };
  const body = messageEnd > bodyStart ? Buffer.from(buffer.subarray(bodyStart, messageEnd)) : EMPTY;
  return { message: { ...startLine, headers, body }, end: messageEnd };
}

/** Offset after the empty line that ends the header; -1 if it is not there yet. */
function findBody(buffer: Buffer, start: number, end: number): number {
  for (let at = buffer.indexOf(LF, start); at >= 0 && at < end; at = buffer.indexOf(LF, at + 1)) {
    if (at + 1 < end && buffer[at + 1] === LF) return at + 2;
    if (at + 2 < end && buffer[at + 1] === CR && buffer[at + 2] === LF) return at + 3;
  }
  return -1;
}

type StartLine =
  | { readonly kind: 'request'; readonly method: string; readonly url: string }
  | { readonly kind: 'response'; readonly status: number; readonly reason: string };

function parseStartLine(line: string): StartLine {
  const [first = '', second = ''] = line.split(/\s/, 2);
  if (/^RTSP\/\d\.\d$/i.test(first) && /^\d{3}$/.test(second)) {
    const reason = line.slice(first.length + 1 + second.length).trim();
    return { kind: 'response', status: Number(second), reason };
  }
  const version = line.lastIndexOf(' ') + 1;
  const url = line.slice(first.length, version).trim();
  if (/^[A-Z_]{1,24}$/.test(first) && /^RTSP\/\d\.\d$/i.test(line.slice(version)) && url)
    return { kind: 'request', method: first, url };
  throw new StreamError('protocol', `not RTSP: ${quoteBytes(Buffer.from(line))}`);
}

function parseHeaders(lines: readonly string[]): RtspHeaders {
  const headers = new Map<string, string[]>();
  let values: string[] | undefined;
  for (const line of lines) {
    if (values && /^[ \t]+\S/.test(line)) {
      values.push(`${values.pop()} ${line.trim()}`);
      continue;
    }
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    const name = line.slice(0, colon).trim().toLowerCase();
    values = headers.get(name) ?? [];
    values.push(line.slice(colon + 1).trim());
    headers.set(name, values);
  }
  return headers;
}

function contentLength(headers: RtspHeaders): number {
  const text = headers.get('content-length')?.[0];
  if (!text) return 0;
  const length = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(length)) throw new StreamError('protocol', `RTSP Content-Length is not a number: ${text}`);
  if (length > MAX_BODY_BYTES) throw new StreamError('limit', `RTSP body of ${length} bytes is too long`);
  return length;
}

/** The bytes of a request; CSeq comes first, Content-Length is added when there is a body. */
export function formatRequest(method: string, url: string, headers: WriteHeaders, body?: Buffer): Buffer {
  return format(`${method} ${oneLine(url).replaceAll(' ', '%20')} RTSP/1.0`, headers, body);
}

/** The bytes of a response, with the standard reason phrase; Content-Length is added when there is a body. */
export function formatResponse(status: number, headers: WriteHeaders, body?: Buffer): Buffer {
  return format(`RTSP/1.0 ${status} ${REASONS[status] ?? 'Unknown'}`, headers, body);
}

function format(startLine: string, headers: WriteHeaders, body: Buffer | undefined): Buffer {
  let text = `${startLine}\r\n`;
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) continue;
    for (const item of Array.isArray(value) ? value : [value])
      text += `${name}: ${oneLine(String(item))}\r\n`;
  }
  if (body?.length) text += `Content-Length: ${body.length}\r\n`;
  text += '\r\n';
  return body?.length ? Buffer.concat([Buffer.from(text), body]) : Buffer.from(text);
}

const oneLine = (text: string): string => text.replace(/[\r\n]+/g, ' ');

/** The start of what was received, printable, for error messages: `"HTTP/1.1 400 Bad Request"`. */
export function quoteBytes(bytes: Buffer): string {
  const line = bytes.toString('latin1', 0, 60).split(/[\r\n]/)[0] ?? '';
  return JSON.stringify(line.replace(/[^\x20-\x7e]/g, '.'));
}
