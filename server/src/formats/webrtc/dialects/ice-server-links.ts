/**
 * STUN and TURN servers as WHIP and WHEP name them (RFC 9725 §4.6), and as JSON does.
 *
 *   Link: <turn:turn.example.net?transport=udp>; rel="ice-server"; username="user"; credential="word"
 */
import type { IceServer } from '../../../net/ice-servers.ts';
import { registerSecret } from '../../../util/redact.ts';
import { objectOf, textOf } from './json.ts';

const LINK = /<([^<>]{1,300})>((?:\s*;\s*[\w-]+\s*(?:=\s*(?:"(?:[^"\\]|\\.)*"|[^\s",;]*))?)*)/g;
const PARAMETER = /;\s*([\w-]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",;]*)))?/g;
const MAX_SERVERS = 16;
const MAX_LENGTH = 16 << 10;

/** Servers among the values of `Link`; other links are passed over. */
export function iceServersOfLinks(values: readonly string[]): IceServer[] {
  const servers: IceServer[] = [];
  for (const value of values) {
    if (value.length > MAX_LENGTH) continue;
    for (const [, url = '', text = ''] of value.matchAll(LINK)) {
      const parameters = new Map(
        [...text.matchAll(PARAMETER)].map(([, name = '', quoted, plain]) => [
          name.toLowerCase(),
          quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '',
        ]),
      );
      if (parameters.get('rel') !== 'ice-server' || servers.length >= MAX_SERVERS) continue;
      const username = parameters.get('username');
      const credential = parameters.get('credential');
      servers.push({ urls: [url], username, credential });
    }
  }
  return servers;
}

/** Servers of a JSON list in the form of RTCIceServer, `url` for `urls` allowed; what makes no sense is left out. */
export function iceServersOfJson(value: unknown): IceServer[] {
  const list = Array.isArray(value) ? value : [];
  return list.slice(0, MAX_SERVERS).flatMap((item) => {
    const { urls, url, username, credential } = objectOf(item) ?? {};
    const texts = [urls ?? url].flat().filter((text) => typeof text === 'string');
    return texts.length > 0
      ? [{ urls: texts, username: textOf(username), credential: textOf(credential) }]
      : [];
  });
}

/** The option `#ice_servers=[…]`, a JSON list as it stands or in Base64; undefined without it. */
export function iceServersOfOption(text: string | undefined): IceServer[] | undefined {
  if (!text) return undefined;
  const json = text.trimStart().startsWith('[') ? text : Buffer.from(text, 'base64').toString();
  try {
    const servers = iceServersOfJson(JSON.parse(json));
    for (const { credential } of servers) if (credential) registerSecret(credential);
    return servers;
  } catch {
    return [];
  }
}
