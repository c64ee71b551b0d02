/** Opens RTSP sources in tests, and reads them for a while. */
import type { Packet, Producer } from '../../core/model.ts';
import { createLogger } from '../../util/log.ts';
import type { Services } from '../format.ts';
import { parseSourceText } from '../source-text.ts';
import { open } from './producer.ts';

const SERVICES = {} as Services;

export function openRtsp(text: string, signal = new AbortController().signal): Promise<Producer> {
  return open(parseSourceText(text), {
    stream: 'test',
    signal,
    log: createLogger('rtsp'),
    services: SERVICES,
  });
}

/** Runs a producer for some time, or until it has written enough, and returns what it wrote. Rejects as `run` does. */
export async function collect(
  producer: Producer,
  milliseconds: number,
  enough: (packets: readonly Packet[]) => boolean = () => false,
): Promise<Packet[]> {
  const packets: Packet[] = [];
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), milliseconds);
  try {
    await producer.run((packet) => {
      if (stop.signal.aborted) return;
      packets.push(packet);
      if (enough(packets)) stop.abort();
    }, stop.signal);
  } finally {
    clearTimeout(timer);
  }
  return packets;
}
