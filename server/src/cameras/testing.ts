/** Streams as `inspectStream` tells them, for the tests of this folder. */
import type { ConsumerInfo, SourceInfo, StreamInfo } from '../core/inspect.ts';
import { createPeer } from '../core/model.ts';

export const sourceInfo = (fields: Partial<SourceInfo> = {}): SourceInfo => ({
  text: 'rtsp://camera',
  state: 'idle',
  error: undefined,
  errorSinceMs: 0,
  failures: 0,
  reconnects: 0,
  peer: undefined,
  loudspeaker: [],
  hasLoudspeaker: undefined,
  gopSeconds: 0,
  tracks: [],
  receivers: [],
  ...fields,
});

export const streamInfo = (
  sources: readonly Partial<SourceInfo>[] = [{}],
  consumers: readonly ConsumerInfo[] = [],
): StreamInfo => ({ name: 'door', enabled: true, sources: sources.map(sourceInfo), consumers });

/** A consumer of this format that is sent the tracks of these ids. */
export const consumerInfo = (format = 'rtsp', ...parents: number[]): ConsumerInfo => ({
  peer: createPeer({ format, protocol: 'test' }),
  accepts: [],
  senders: parents.map((parent) => ({
    id: 1000 + parent,
    parent,
    codec: { kind: 'video', name: 'h264', timeBase: 90_000, width: 0, height: 0 },
    bytes: 0,
    packets: 0,
    drops: 0,
  })),
});
