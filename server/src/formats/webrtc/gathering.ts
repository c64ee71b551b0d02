/** Candidates and relays of one session. */
import { StreamError } from '../../core/errors.ts';
import type { IceAgent } from '../../net/ice-agent.ts';
import { type Candidate, localCandidate } from '../../net/ice-candidate.ts';
import type { CandidateGatherer } from '../../net/ice-gather.ts';
import type { IceServers, TurnServer } from '../../net/ice-servers.ts';
import { TurnAllocation } from '../../net/turn.ts';

export interface GatheringOptions {
  readonly agent: IceAgent;
  readonly gatherer: CandidateGatherer;
  readonly servers: IceServers;
  readonly onCandidate: (candidate: Candidate) => void;
  readonly onFailed: (error: unknown) => void;
}

const MAX_RELAYS = 3;

/** Finds the candidates that take time: announced names, the public address, relays. */
export class Gathering {
  /** Settles when nothing more will come. Never rejects. */
  readonly done: Promise<void>;
  readonly #options: GatheringOptions;
  readonly #stopped = new AbortController();
  #relays: TurnAllocation[] = [];

  constructor(options: GatheringOptions) {
    const { agent, gatherer, servers } = options;
    this.#options = options;
    const relays = servers.turn.slice(0, MAX_RELAYS).map((server) => this.#allocate(server));
    const found = [gatherer.others(servers.stun, agent.ufrag), ...relays].map((part) => this.#offer(part));
    this.done = Promise.all(found).then(() => {});
  }

  /** Gives the relays back; those that are still being asked for, too. */
  close(): void {
    this.#stopped.abort(new StreamError('aborted', 'the session is over'));
    for (const relay of this.#relays) relay.close();
    this.#relays = [];
  }

  async #offer(part: Promise<readonly Candidate[]>): Promise<void> {
    try {
      for (const candidate of await part)
        if (!this.#stopped.signal.aborted) this.#options.onCandidate(candidate);
    } catch (error) {
      if (!this.#stopped.signal.aborted) this.#options.onFailed(error);
    }
  }

  async #allocate(server: TurnServer): Promise<readonly Candidate[]> {
    const { agent } = this.#options;
    const onDatagram: IceAgent['onDatagram'] = (bytes, path) => agent.onDatagram(bytes, path);
    const relay = await TurnAllocation.open(server, onDatagram, this.#stopped.signal);
    this.#relays.push(relay);
    agent.addRelay(relay);
    const { relayed, mapped } = relay;
    const { ufrag } = agent;
    return [localCandidate({ protocol: 'udp', type: 'relay', ...relayed, order: 0, ufrag, base: mapped })];
  }
}

/** Waits for a promise no longer than this; never rejects for being late. */
export async function within(promise: Promise<void>, timeoutMs: number): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, timeoutMs);
  await Promise.race([promise, late.promise]).finally(() => clearTimeout(timer));
}
