/**
 * Streams as a Graphviz graph: hosts, connections and tracks, with the bytes along the edges.
 *
 *   host → producer → track → consumer → host
 */
import type { Codec } from '../codecs/codec.ts';
import type { StreamInfo } from '../core/inspect.ts';
import type { Peer } from '../core/model.ts';
import { redact } from '../util/redact.ts';
import { codecJson } from './stream-json.ts';

export function streamDot(streams: readonly StreamInfo[]): string {
  const lines: string[] = [];
  const hosts = new Set<string>();
  const host = (peer: Peer): string => {
    const name = quoted(hostOf(peer));
    if (!hosts.has(name)) lines.push(`${name} [group=host];`);
    hosts.add(name);
    return name;
  };
  const connection = (peer: Peer, group: string): void => {
    const title = titleOf({
      format_name: peer.format,
      protocol: peer.protocol,
      user_agent: peer.userAgent,
    });
    lines.push(`${peer.id} [group=${group}, label=${quoted(peer.format)}, title=${title}];`);
  };
  const edge = (from: string | number, to: string | number, bytes: number): void => {
    lines.push(`${from} -> ${to} [label="${formatBytes(bytes)}"];`);
  };
  for (const { sources, consumers } of streams) {
    for (const { peer, receivers } of sources) {
      if (!peer) continue;
      const from = host(peer);
      connection(peer, 'producer');
      edge(from, peer.id, peer.bytesReceived);
      for (const { id, codec, bytes } of receivers) {
        edge(peer.id, id, bytes);
        lines.push(`${id} [group=node, label=${quoted(codec.name)}, title=${codecTitle(codec)}];`);
      }
    }
    for (const { peer, senders } of consumers) {
      const to = host(peer);
      connection(peer, 'consumer');
      edge(peer.id, to, peer.bytesSent);
      for (const { parent, bytes } of senders) edge(parent, peer.id, bytes);
    }
  }
  return `digraph {\n${lines.map((line) => `${line}\n`).join('')}}`;
}

function hostOf({ remoteAddress, protocol }: Peer): string {
  const [, bracketed, plain] = /^(?:\[([^\]]+)\]|([^\s:]+))/.exec(remoteAddress ?? '') ?? [];
  return bracketed ?? plain ?? protocol;
}

function codecTitle(codec: Codec): string {
  const { codec_type: _, ...rest } = codecJson(codec);
  return titleOf(rest);
}

function titleOf(members: Readonly<Record<string, unknown>>): string {
  const present = Object.entries(members).filter(([, value]) => value !== undefined);
  return quoted(present.map(([key, value]) => `${key}=${value}`).join('\n'));
}

/** A DOT string: line ends as `\n`, double quotes as single ones. */
const quoted = (text: string): string =>
  `"${redact(text).replaceAll('"', "'").replaceAll('\\', '/').replaceAll('\n', '\\n')}"`;

/** Decimal units, two digits: `999 B`, `138.44 KB`. */
function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ['KB', 'MB', 'GB', 'TB'];
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value.toFixed(2)} ${units[unit]}`;
}
