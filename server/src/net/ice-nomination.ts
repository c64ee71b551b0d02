/** Which pair the controlling side nominates, and when (RFC 8445 §8.1.1: once, the rest is left to us). */

/** A candidate pair, as far as the choice needs it. */
export interface NominationPair {
  readonly priority: number;
  readonly state: 'waiting' | 'checking' | 'valid' | 'failed';
  /** Through a TURN server of ours: it costs somebody money, so it waits longer for a better one. */
  readonly relayed: boolean;
}

const DELAY_MS = 200;
const RELAYED_DELAY_MS = 600;

/** The best valid pair, once no better one may still answer, or `validForMs` after the first became valid it has waited enough. */
export function pairToNominate<P extends NominationPair>(
  pairs: readonly P[],
  validForMs: number,
): P | undefined {
  let best: P | undefined;
  for (const pair of pairs)
    if (pair.state === 'valid' && (!best || pair.priority > best.priority)) best = pair;
  if (!best) return undefined;
  const { priority, relayed } = best;
  const mayImprove = pairs.some(
    (pair) => (pair.state === 'waiting' || pair.state === 'checking') && pair.priority > priority,
  );
  return mayImprove && validForMs < (relayed ? RELAYED_DELAY_MS : DELAY_MS) ? undefined : best;
}
