/**
 * The options of an RTSP source:
 * `rtsp://user:pass@host/path#transport=tcp|udp|ws://…#media=video|audio|video,audio#backchannel=0|1#timeout=SECONDS`
 */
import { StreamError } from '../../core/errors.ts';
import { type Address, parseAddress } from '../../net/url.ts';
import type { SourceText } from '../source-text.ts';

export interface RtspOptions {
  readonly address: Address;
  /** rtspx: any certificate is accepted. */
  readonly insecureTls: boolean;
  /** Undefined: TCP, or what the camera has instead. */
  readonly lower: 'tcp' | 'udp' | undefined;
  readonly webSocket: Address | undefined;
  readonly kinds: ReadonlySet<string>;
  /** Ask for the loudspeaker. */
  readonly twoWay: boolean;
  readonly timeoutMs: number;
}

const DEFAULT_TIMEOUT_SECONDS = 5;
const MAX_TIMEOUT_SECONDS = 300;

/** Reads a source text; throws StreamError `invalid_source`. */
export function parseOptions({ url, scheme, options }: SourceText): RtspOptions {
  const { lower, webSocket } = parseTransport(options.get('transport') ?? '');
  const kinds = ['video', 'audio'];
  const wanted = options.get('media') || kinds.join();
  return {
    address: { ...parseAddress(url), scheme: scheme === 'rtsp' ? 'rtsp' : 'rtsps' },
    insecureTls: scheme === 'rtspx',
    lower,
    webSocket,
    kinds: new Set(kinds.filter((kind) => wanted.includes(kind))),
    twoWay: options.entries.length === 0 || options.get('backchannel') === '1',
    timeoutMs: parseTimeout(options.get('timeout')) * 1000,
  };
}

function parseTransport(text: string): Pick<RtspOptions, 'lower' | 'webSocket'> {
  if (text === '') return { lower: undefined, webSocket: undefined };
  if (text === 'tcp' || text === 'udp') return { lower: text, webSocket: undefined };
  const webSocket = /^(?:wss?|https?):/i.test(text) ? parseAddress(text) : undefined;
  if (!webSocket) throw new StreamError('invalid_source', `transport is none of tcp, udp, ws://…: ${text}`);
  return { lower: 'tcp', webSocket };
}

function parseTimeout(text: string | undefined): number {
  if (!text) return DEFAULT_TIMEOUT_SECONDS;
  const seconds = Number(text);
  if (seconds > 0 && seconds <= MAX_TIMEOUT_SECONDS) return seconds;
  throw new StreamError('invalid_source', `timeout is not 1 to ${MAX_TIMEOUT_SECONDS} seconds: ${text}`);
}
