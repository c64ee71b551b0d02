/**
 * The RTSP `Transport` header (RFC 2326 §12.39): how the packets of one media travel.
 *
 *   RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=10117CB7
 *   RTP/AVP;unicast;client_port=49292-49293;server_port=43670-43671
 *   RTP/AVP/UDP;unicast;…,RTP/AVP/TCP;…          a client lists alternatives in order of preference
 */

/** RTP and RTCP port, or interleaved channel. */
export type Pair = readonly [rtp: number, rtcp: number];

export interface Transport {
  readonly lower: 'tcp' | 'udp';
  /** `RTP/AVP`, `RTP/SAVP`, `RTP/AVPF` … */
  readonly profile: string;
  readonly multicast: boolean;
  readonly interleaved?: Pair | undefined;
  readonly clientPort?: Pair | undefined;
  readonly serverPort?: Pair | undefined;
  /** Where the server sends from, if not the address of the connection. */
  readonly source?: string | undefined;
  readonly ssrc?: number | undefined;
  readonly mode?: 'play' | 'record' | undefined;
}

/** Reads all alternatives; those that are not RTP are left out. A camera that says `interleaved` means TCP, whatever else it says. */
export function parseTransports(text: string): Transport[] {
  return splitUnquoted(text)
    .map(parseTransport)
    .filter((transport) => transport !== undefined);
}

function parseTransport(text: string): Transport | undefined {
  const fields = new Map<string, string>();
  let protocol = '';
  for (const item of text.split(';')) {
    const [name = '', value = ''] = item.split('=', 2).map((part) => part.trim());
    if (/^RTP\//i.test(name)) protocol = name.toUpperCase();
    else if (name && !fields.has(name.toLowerCase()))
      fields.set(name.toLowerCase(), value.replace(/^"|"$/g, ''));
  }
  const interleaved = parsePair(fields.get('interleaved'), 255);
  if (!protocol && !interleaved) return undefined;
  const ssrc = Number.parseInt(fields.get('ssrc') ?? '', 16);
  const mode = fields.get('mode')?.toLowerCase();
  return {
    lower: interleaved || protocol.endsWith('/TCP') ? 'tcp' : 'udp',
    profile: protocol.split('/').slice(0, 2).join('/') || 'RTP/AVP',
    multicast: fields.has('multicast'),
    interleaved,
    clientPort: parsePair(fields.get('client_port'), 65535),
    serverPort: parsePair(fields.get('server_port'), 65535),
    source: fields.get('source') || undefined,
    ssrc: ssrc >= 0 && ssrc <= 0xffffffff ? ssrc : undefined,
    mode: mode === 'record' || mode === 'receive' ? 'record' : mode === 'play' ? 'play' : undefined,
  };
}

/** One number stands for itself and the next (Escam: `interleaved=0`). */
function parsePair(text: string | undefined, max: number): Pair | undefined {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text ?? '');
  if (!match) return undefined;
  const first = Number(match[1]);
  const second = match[2] === undefined ? Math.min(first + 1, max) : Number(match[2]);
  return first <= max && second <= max ? [first, second] : undefined;
}

function splitUnquoted(text: string): string[] {
  return text.match(/(?:"[^"]*"|[^,"])+/g) ?? [];
}

/** Writes one alternative. */
export function formatTransport(transport: Transport): string {
  const { lower, profile, multicast, interleaved, clientPort, serverPort, source, ssrc, mode } = transport;
  const items = [lower === 'tcp' ? `${profile}/TCP` : profile, multicast ? 'multicast' : 'unicast'];
  if (interleaved) items.push(`interleaved=${interleaved.join('-')}`);
  if (clientPort) items.push(`client_port=${clientPort.join('-')}`);
  if (serverPort) items.push(`server_port=${serverPort.join('-')}`);
  if (source) items.push(`source=${source}`);
  if (ssrc !== undefined) items.push(`ssrc=${ssrc.toString(16).toUpperCase().padStart(8, '0')}`);
  if (mode) items.push(`mode=${mode}`);
  return items.join(';');
}
