/**
 * From the address that a camera gave to source texts that can be opened. Pure.
 *
 *   camera says   rtsp://192.168.1.64:554/stream1?a=1          behind a router, or with the address it left the factory with
 *   user said     onvif://admin:secret@garden.example.org#media=video
 *   tried         rtsp://admin:secret@garden.example.org:554/stream1?a=1#media=video
 *                 rtsp://admin:secret@192.168.1.64:554/stream1?a=1#media=video      a recorder may stand in front of its cameras
 *
 * The user's host comes first: it has just answered, so a refusal there costs nothing, and credentials go to nobody else before it.
 */
import { isIP } from 'node:net';
import { StreamError } from '../../core/errors.ts';
import { type Address, formatAddress, parseAddress } from '../../net/url.ts';

const SCHEMES = new Set(['rtsp', 'rtsps', 'http', 'https']);
/** Where a camera must not send us: to ourselves, or nowhere. */
const NOT_A_CAMERA =
  /^(?:127\.|0\.|169\.254\.|22[4-9]\.|2[34]\d\.|255\.|::1?$|fe80:|::ffff:127\.|localhost$)/i;

/** The texts to try in order; `options` is what the user wrote from the first `#` on. Throws StreamError. */
export function mediaSources(uri: string, camera: Address, options: string): readonly string[] {
  // Some cameras escape twice; what stands behind a `#` would be read as options of ours.
  const text = uri.trim().replaceAll('&amp;', '&').replace(/#.*$/s, '');
  if (/\s/.test(text)) throw new StreamError('protocol', 'the camera gave an address with spaces in it');
  const address = readAddress(text);
  const credentials = address.credentials ?? camera.credentials;
  const hosts = [camera.host, ...(canLead(address.host, camera.host) ? [address.host] : [])];
  return hosts.map((host) => withCredentials({ ...address, host, credentials }) + options);
}

function readAddress(text: string): Address {
  const scheme = /^[a-z][a-z0-9+.-]*(?=:)/i.exec(text)?.[0].toLowerCase() ?? '';
  if (!SCHEMES.has(scheme)) {
    throw new StreamError(
      'unsupported',
      `the camera gave an address that is not opened: ${text.slice(0, 200)}`,
    );
  }
  return parseAddress(text);
}

function canLead(host: string, from: string): boolean {
  return (
    host.toLowerCase() !== from.toLowerCase() &&
    !(isIP(host) !== 4 && /^[\d.]+$/.test(host)) &&
    !NOT_A_CAMERA.test(host)
  );
}

function withCredentials(address: Address): string {
  const { credentials } = address;
  const text = formatAddress(address);
  if (!credentials) return text;
  const { username, password } = credentials;
  const userInfo = `${encodeURIComponent(username)}:${encodeURIComponent(password)}@`;
  return text.replace('://', () => `://${userInfo}`);
}
