/** Whether what a scan found is a camera of ours already. Pure. */
import { parseAddress } from '../net/url.ts';

/** A camera and the texts of all its sources. */
export interface KnownCamera {
  readonly id: string;
  readonly sources: readonly string[];
}

export interface Candidate {
  /** Host, or path of a device. */
  readonly address?: string | undefined;
  readonly sources: readonly { readonly source: string }[];
}

/**
 * The camera that has one of the sources, whoever it logs in as; else one that is at the same address. `alone`: whether
 * nothing else was found there, so that the address says enough.
 */
export function knownCamera(
  { address, sources }: Candidate,
  known: readonly KnownCamera[],
  alone: boolean,
): string | undefined {
  const wanted = new Set(sources.map(({ source }) => bareSource(source)));
  const same = known.find((camera) => camera.sources.some((source) => wanted.has(bareSource(source))));
  if (same || !alone || address === undefined) return same?.id;
  return known.find((camera) => camera.sources.some((source) => isAt(source, address)))?.id;
}

/** Without user, password, token and options: what is opened, not as whom. */
function bareSource(text: string): string {
  return text
    .replace(/#.*$/s, '')
    .replace(/:\/\/[^/?]*@/, '://')
    .replace(/([?&])token=[^&]*&?/, '$1')
    .replace(/[?&]$/, '')
    .toLowerCase();
}

/** `/dev/video0` stands in a source as it is; a host has its place. */
function isAt(source: string, address: string): boolean {
  if (address.startsWith('/')) return source.split(/[=&#]/).includes(address);
  const [url] = /[a-z][\w+.-]*:\/\/.*/is.exec(source) ?? [];
  if (url === undefined) return false;
  try {
    return parseAddress(url).host.toLowerCase() === address.toLowerCase();
  } catch {
    return false;
  }
}
