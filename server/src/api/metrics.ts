/**
 * Streams as Prometheus sees them (OpenMetrics text, by prom-client), read when they are asked for.
 *
 *   porthole_viewers{stream="garden"} 3
 *   porthole_received_bytes_total{stream="garden"} 812345
 */
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { sentToGone } from '../core/broadcast.ts';
import { inspectStream, isViewer } from '../core/inspect.ts';
import type { Stream } from '../core/stream.ts';
import type { Streams } from '../core/streams.ts';

/** What is told of each stream. Those that only ever grow are counters. */
const COLUMNS = {
  viewers: 'Viewers now',
  live: 'Sources that deliver now',
  received_bytes_total: 'Media bytes from the sources',
  received_packets_total: 'Access units from the sources',
  sent_bytes_total: 'Bytes to viewers',
  sent_packets_total: 'Access units to viewers',
  dropped_packets_total: 'Access units that slow viewers missed',
  reconnects_total: 'Times that sources were opened again after a failure',
  corrupt_packets: 'Corrupt packets of the open connections',
} as const;

type Row = Readonly<Record<keyof typeof COLUMNS, number>>;

/** Everything there is to scrape. */
export interface Metrics {
  readonly contentType: string;
  scrape(): Promise<string>;
}

/** Makes the meters; from then on the process is measured. */
export function createMetrics(streams: Streams): Metrics {
  const registry = new Registry();
  // Event loop delay, CPU, memory, garbage collection.
  collectDefaultMetrics({ register: registry });
  const meters = (Object.entries(COLUMNS) as [keyof Row, string][]).map(([column, help]) => {
    const options = { name: `porthole_${column}`, help, labelNames: ['stream'], registers: [registry] };
    return { column, meter: column.endsWith('_total') ? new Counter(options) : new Gauge(options) };
  });
  return {
    contentType: registry.contentType,
    scrape() {
      const rows = streams
        .all()
        .filter(({ isTemporary }) => !isTemporary)
        .map((stream) => [stream.name, measure(stream)] as const);
      for (const { column, meter } of meters) {
        meter.reset();
        for (const [stream, row] of rows) meter.inc({ stream }, row[column]);
      }
      return registry.metrics();
    },
  };
}

function measure(stream: Stream): Row {
  const info = inspectStream(stream);
  const sources = info.sources.filter(({ transcode }) => transcode === undefined);
  const consumers = info.consumers.filter(isViewer);
  const gone = sentToGone(stream);
  const tracks = stream.sources.flatMap((source) => source.liveTracks);
  const senders = consumers.flatMap((consumer) => consumer.senders);
  return {
    viewers: consumers.length,
    live: sources.filter(({ state }) => state === 'live').length,
    received_bytes_total: sum(tracks, ({ bytes }) => bytes),
    received_packets_total: sum(tracks, ({ packets }) => packets),
    sent_bytes_total: gone.bytes + sum(consumers, ({ peer }) => peer.bytesSent),
    sent_packets_total: gone.packets + sum(senders, ({ packets }) => packets),
    dropped_packets_total: gone.drops + sum(senders, ({ drops }) => drops),
    reconnects_total: sum(sources, ({ reconnects }) => reconnects),
    corrupt_packets: sum(sources, ({ peer }) => peer?.corrupt ?? 0),
  };
}

function sum<T>(items: readonly T[], pick: (item: T) => number): number {
  return items.reduce((total, item) => total + pick(item), 0);
}
