/**
 * What an RTSP request asks for: stream name and options from its URL, and the reply to it.
 *
 *   rtsp://host:8554/front%20door?video=h264&audio=aac,opus&pkt_size=1200/trackID=0
 *                    └ stream ──┘ └ options ─────────────────────────────┘└ media ─┘
 *
 * Clients append `/trackID=n` to the URL of DESCRIBE, query or not.
 */
import { type ErrorCode, type StreamError, toStreamError } from '../../core/errors.ts';
import type { WriteHeaders } from './message.ts';

export interface RtspTarget {
  /** Stream name: the path without slashes around it, decoded. */
  readonly name: string;
  readonly query: URLSearchParams;
  /** Index of the media, if the URL names one. */
  readonly media: number | undefined;
  /** The URL without the media. */
  readonly base: string;
}

const MEDIA = /\/?(?:trackID|streamid)=(\d{1,3})\/?$/i;

/** Reads the URL of a request; a URL of another scheme, or no URL, is a path. */
export function parseTarget(url: string): RtspTarget {
  const match = MEDIA.exec(url);
  const base = match ? url.slice(0, match.index) : url;
  const path = base.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?]*/i, '');
  const mark = path.indexOf('?');
  const name = (mark < 0 ? path : path.slice(0, mark)).replace(/^\/+|\/+$/g, '');
  const query = mark < 0 ? '' : path.slice(mark + 1).replace(/\/+$/, '');
  return {
    name: decode(name),
    query: new URLSearchParams(query),
    media: match ? Number(match[1]) : undefined,
    base,
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What a token in the URL (`?token=…`) lets its client do: play the stream that it is for. */
export interface RtspGrant {
  /** The client's microphone is heard. */
  readonly mayTalk: boolean;
  /** Aborts when the token is revoked: the connection ends. */
  readonly revoked: AbortSignal;
}

/** Whether a request may pass: not with a refusal; with a grant, as far as that goes. */
export interface Permission {
  readonly refusal?: RtspReply | undefined;
  readonly grant?: RtspGrant | undefined;
}

/** A reply; CSeq, Session and the like are added when it is sent. */
export interface RtspReply {
  readonly status: number;
  readonly headers?: WriteHeaders;
  readonly body?: Buffer;
}

const STATUS: Partial<Readonly<Record<ErrorCode, number>>> = {
  not_found: 404,
  no_match: 406,
  unsupported: 415,
  invalid: 400,
  limit: 453,
  protocol: 400,
  internal: 500,
};
/** Failures of the camera: it may be there later. */
const STATUS_OF_CAMERA = 503;

/** The reply to a request that failed: a status by the code, and a sentence for the user as its body. */
export function errorReply(error: unknown, status?: number): RtspReply {
  const failure: StreamError = toStreamError(error);
  return textReply(status ?? STATUS[failure.code] ?? STATUS_OF_CAMERA, failure.message);
}

/** A reply with a sentence for the user. */
export function textReply(status: number, text: string, headers: WriteHeaders = {}): RtspReply {
  return { status, headers: { ...headers, 'Content-Type': 'text/plain' }, body: Buffer.from(`${text}\n`) };
}
