/**
 * Which sources a client may read back as they are.
 *
 * Home Assistant compares each source in `GET /api/streams` with the one it gave by `PUT`, and gives it again if they
 * differ. So a source from the API is shown verbatim to the client that gave it, who knows the secret already; to
 * everybody else, and sources of the config file to everybody, with credentials masked. A client that is told a masked
 * text (after a restart, or from another address) gives the source again, which changes nothing and makes it an owner.
 */
import { redact } from '../util/redact.ts';
import type { Client } from './access.ts';

const MAX_OWNERS = 16;

export class SourceOwners {
  readonly #owned = new Map<string, { sources: ReadonlySet<string>; identities: Set<string> }>();

  /** The client gave these sources to the stream. */
  note(stream: string, sources: readonly string[], { identity }: Client): void {
    const known = this.#owned.get(stream);
    const isSame = known?.sources.size === sources.length && sources.every((text) => known.sources.has(text));
    const identities = isSame ? known.identities : new Set<string>();
    if (identities.size < MAX_OWNERS) identities.add(identity);
    this.#owned.set(stream, { sources: new Set(sources), identities });
  }

  forget(stream: string): void {
    this.#owned.delete(stream);
  }

  /** A stream's name; one that is named by its source is shown like a source. */
  showName(stream: string, client: Client): string {
    return stream.includes('://') ? this.show(stream, stream, client) : stream;
  }

  /** The source as this client may see it. */
  show(stream: string, source: string, { identity }: Client): string {
    const owned = this.#owned.get(stream);
    return owned?.sources.has(source) && owned.identities.has(identity) ? source : redact(source);
  }
}
