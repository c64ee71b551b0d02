/**
 * Which URL a request goes to: the base of a session and the control URLs of its medias (RFC 2326 §C.1.1),
 * with the repairs that cameras need.
 *
 *   DESCRIBE rtsp://camera/live?x=1      Content-Base: rtsp://camera/live?x=1/
 *     a=control:*                        PLAY, TEARDOWN   rtsp://camera/live?x=1/
 *     a=control:trackID=1                SETUP            rtsp://camera/live?x=1/trackID=1
 */
import { header, type RtspResponse } from './message.ts';

/** The URL that control URLs are relative to: Content-Base, Content-Location, else that of the request. */
export function baseUrl(response: Pick<RtspResponse, 'headers'>, requestUrl: string): string {
  const named = header(response, 'content-base') || header(response, 'content-location');
  if (!named) return requestUrl;
  if (named.startsWith('/')) return originOf(requestUrl) + named;
  return repair(named, requestUrl) ?? requestUrl;
}

/** `rtsp://rtsp://camera/` and `camera:554/` are meant well; an IPv6 host without brackets is not usable. */
function repair(url: string, requestUrl: string): string | undefined {
  const single = url.replace(/^(?:rtsps?:\/\/)+(?=rtsps?:\/\/)/i, '');
  const whole = /^rtsps?:\/\//i.test(single) ? single : `${/^[^:]*/.exec(requestUrl)?.[0]}://${single}`;
  const [, scheme = '', host = '', target = ''] = /^(\w+:\/\/)([^/?]*)(.*)$/s.exec(whole) ?? [];
  const mapped = /^(?:::ffff:)?(\d+\.\d+\.\d+\.\d+)(:\d+)?$/i.exec(host);
  if (mapped) return `${scheme}${mapped[1]}${mapped[2] ?? ''}${target}`;
  const valid = /^(?:\[[0-9a-f:.%]+\]|[^:[\]\s]+)(?::\d*)?$/i.test(host);
  return valid ? scheme + host + target : undefined;
}

/** The URL of SETUP for a media. */
export function controlUrl(base: string, control: string): string {
  if (control === '' || control === '*') return base;
  if (/^rtsps?:\/\//i.test(control)) return repair(control, base) ?? base;
  const separate = !base.endsWith('/') && !control.startsWith('/') && !control.startsWith('?');
  return separate
    ? `${base}/${control}`
    : base.endsWith('/') && control.startsWith('/')
      ? base + control.slice(1)
      : base + control;
}

/** The URL of PLAY and TEARDOWN: the session's own, if it is absolute. */
export function aggregateUrl(base: string, control: string): string {
  return /^rtsps?:\/\//i.test(control) ? (repair(control, base) ?? base) : base;
}

const originOf = (url: string): string => /^\w+:\/\/[^/?]*/.exec(url)?.[0] ?? url;
