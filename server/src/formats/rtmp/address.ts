/**
 * Addresses: which part names the application, which the stream.
 *
 *   rtmp://host/app/stream?query          app, stream?query
 *   rtmp://host/app/instance/stream       app/instance, stream       what follows the second part is the stream, as FFmpeg has it
 *   rtmp://host/name?query                name?query, (none)
 *
 * `rtmps:` is RTMP over TLS; so is `rtmpx:`, with any certificate.
 */
import { isIP } from 'node:net';
import { StreamError } from '../../core/errors.ts';
import type { Credentials } from '../../net/digest.ts';
import { formatAddress, parseAddress } from '../../net/url.ts';

export interface RtmpAddress {
  readonly host: string;
  readonly port: number;
  readonly tls: 'verify' | 'insecure' | undefined;
  readonly credentials: Credentials | undefined;
  readonly app: string;
  /** With its query; may be empty. */
  readonly stream: string;
  /** The address of the application, without credentials. */
  readonly tcUrl: string;
}

const PORTS: Readonly<Record<string, number>> = { rtmp: 1935, rtmps: 443, rtmpx: 443 };

/** Splits an address. Throws StreamError `invalid_source` without a host or an application. */
export function parseRtmpAddress(url: string): RtmpAddress {
  const { scheme, host, port, target, credentials } = parseAddress(url);
  const question = target.indexOf('?');
  const path = question < 0 ? target : target.slice(0, question);
  const query = question < 0 ? '' : target.slice(question);
  const parts = path.replace(/^\/+|\/+$/g, '').split('/');
  if (parts[0] === '')
    throw new StreamError('invalid_source', `${url}: an RTMP address names an application and a stream`);
  const appParts = Math.min(2, Math.max(1, parts.length - 1));
  const name = parts.slice(appParts).join('/');
  const app = parts.slice(0, appParts).join('/') + (name ? '' : query);
  const secure = scheme !== 'rtmp';
  return {
    host,
    port: port ?? PORTS[scheme] ?? 1935,
    tls: !secure ? undefined : scheme === 'rtmpx' || isIP(host) ? 'insecure' : 'verify',
    credentials,
    app,
    stream: name && name + query,
    tcUrl: formatAddress({ scheme: secure ? 'rtmps' : 'rtmp', host, port, target: `/${app}` }),
  };
}
