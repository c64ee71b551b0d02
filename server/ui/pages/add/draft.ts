/** A camera that is about to be added: what was found or typed, before it is checked. */
import type { Found, FoundSource } from '../../lib/api-types.ts';

export interface Draft {
  readonly name: string;
  /** The first one is checked first. */
  readonly sources: readonly FoundSource[];
  /** Asks for a user and password before it is checked. */
  readonly credentials: boolean;
  /** An ONVIF device whose profiles are not known before somebody signs in. */
  readonly device?: string;
}

export function draftOf(found: Found): Draft {
  const { kind, name, sources, credentials = false, address } = found;
  const device = kind === 'onvif' ? (sources[0]?.source ?? address) : undefined;
  return { name, sources, credentials, ...(device ? { device } : {}) };
}

/** The stream in full size, and the small one, if there is any. */
export function tiersOf(sources: readonly FoundSource[]): { main: string; sub: string } {
  const main = sources.find(({ role }) => role === 'main') ?? sources[0];
  const sub = sources.find(({ role, source }) => role === 'sub' && source !== main?.source);
  return { main: main?.source ?? '', sub: sub?.source ?? '' };
}

/** Told by the elements in which a camera is chosen. */
export class ChosenEvent extends Event {
  readonly draft: Draft;

  constructor(draft: Draft) {
    super('chosen');
    this.draft = draft;
  }
}
