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

/** Runs a producer for some time and returns what it wrote. Rejects as `run` does. */
export async function collect(producer: Producer, milliseconds: number): Promise<Packet[]> {
  const packets: Packet[] = [];
  await producer.run((packet) => packets.push(packet), AbortSignal.timeout(milliseconds));
  return packets;
}
