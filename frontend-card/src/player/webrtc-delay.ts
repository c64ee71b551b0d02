/**
 * How late a WebRTC picture is: half a round trip, and the time frames spent here from their first packet to the end of
 * decoding, the jitter buffer included. The camera's own delay is not in it. Pure.
 */

/** What `getStats` tells, as far as this looks. */
type Report = ReadonlyMap<string, Readonly<Record<string, unknown>>>;

/** Seconds, from one report to the next: frames since the report before; undefined without any. */
export function createDelay(): (report: unknown) => number | undefined {
  let frames = 0;
  let seconds = 0;
  return (given) => {
    let inside: number | undefined;
    let roundTrip = 0;
    for (const entry of (given as Report).values()) {
      if (entry.type === 'candidate-pair' && entry.nominated === true)
        roundTrip = numberOf(entry.currentRoundTripTime);
      if (entry.type !== 'inbound-rtp' || entry.kind !== 'video') continue;
      const decoded = numberOf(entry.framesDecoded);
      // Browsers without the total know at least what the jitter buffer took.
      const total = numberOf(entry.totalProcessingDelay ?? entry.jitterBufferDelay);
      if (decoded > frames) inside = (total - seconds) / (decoded - frames);
      frames = decoded;
      seconds = total;
    }
    return inside === undefined ? undefined : Math.max(0, inside) + roundTrip / 2;
  };
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}
