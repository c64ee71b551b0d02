/**
 * The streams as a graph, grouped by camera. Pure: no DOM.
 *
 *   source ─→ track ─┬───────────────→ viewer
 *                    └─→ transcoder ─→ viewer
 *
 * A camera that is lost takes its tracks out of the server's answer, while viewers wait for it with the ids of those
 * tracks. They stay on the map, where they were (`Places`), so that one sees what stopped.
 */
import type { Codec, Receiver, Sender, Source, Stream, Viewer } from './streams.ts';

/** What the map needs to know of a camera (`GET api/cameras`). */
export interface MapCamera {
  readonly id: string;
  readonly name: string;
  readonly sub?: string | undefined;
}

interface NodeBase {
  /** Stays the same from one answer of the server to the next. */
  readonly id: string;
  readonly stream: string;
}

export interface SourceNode extends NodeBase {
  readonly kind: 'source';
  readonly source: Source;
  /** Of a camera with two streams. */
  readonly tier?: 'main' | 'sub';
  readonly state: 'live' | 'idle' | 'failed';
}

export interface TrackNode extends NodeBase {
  readonly kind: 'track';
  readonly codec: Codec;
  /** Absent while its source is lost. */
  readonly receiver?: Receiver;
}

export interface TranscoderNode extends NodeBase {
  readonly kind: 'transcoder';
  readonly source: Source;
  readonly from: string;
  readonly to: string;
  readonly hardware: string;
}

export interface ViewerNode extends NodeBase {
  readonly kind: 'viewer';
  readonly viewer: Viewer;
  /** The server itself: a preload, a probe. */
  readonly own: boolean;
}

export type MapNode = SourceNode | TrackNode | TranscoderNode | ViewerNode;

export interface Edge {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly codec: Codec;
  /** Bytes since it began. */
  readonly bytes: number;
  /** Of a viewer: all that it was sent. The server shares that out among its tracks by what came in, which jumps. */
  readonly total?: number;
  /** What feeds it is lost. */
  readonly broken: boolean;
  /** It moves by fits and starts: segments, single pictures. */
  readonly bursts: boolean;
}

/** One camera: all that hangs together. */
export interface Group {
  /** The camera's; where it is none, the stream's. */
  readonly id: string;
  readonly name: string;
  readonly nodes: readonly MapNode[];
  readonly edges: readonly Edge[];
}

/** The node that each track came from when it was last seen, by the track's id. */
export type Places = ReadonlyMap<number, string>;

export interface Graph {
  readonly groups: readonly Group[];
  readonly places: Places;
}

const OWN = new Set(['preload', 'probe']);
const BURSTS = /hls|jpeg|snapshot/;

/** `before`: the places of the graph before. */
export function buildGraph(
  streams: readonly Stream[],
  cameras: readonly MapCamera[],
  before: Places = new Map(),
): Graph {
  const places = new Map(before);
  const byName = new Map(streams.map((stream) => [stream.name, stream]));
  const subs = new Set(cameras.flatMap(({ sub }) => sub ?? []));
  const known = new Map(cameras.map((camera) => [camera.id, camera]));
  const seen = new Set<number>();
  const groups = streams
    .filter(({ name }) => !subs.has(name))
    .map((stream): Group => {
      const camera = known.get(stream.name);
      const sub = camera?.sub === undefined ? undefined : byName.get(camera.sub);
      const parts = sub
        ? [streamGraph(stream, places, 'main'), streamGraph(sub, places, 'sub')]
        : [streamGraph(stream, places)];
      for (const { tracks } of parts) for (const track of tracks) seen.add(track);
      return {
        id: stream.name,
        name: camera?.name || stream.name,
        nodes: parts.flatMap(({ nodes }) => nodes),
        edges: parts.flatMap(({ edges }) => edges),
      };
    })
    .sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
  for (const track of places.keys()) if (!seen.has(track)) places.delete(track);
  return { groups, places };
}

interface StreamGraph {
  readonly nodes: readonly MapNode[];
  readonly edges: readonly Edge[];
  /** Ids of the tracks that somebody still speaks of. */
  readonly tracks: ReadonlySet<number>;
}

function streamGraph(
  { name: stream, sources, viewers }: Stream,
  places: Map<number, string>,
  tier?: 'main' | 'sub',
): StreamGraph {
  const cameras = sources.filter(({ transcode }) => !transcode);
  const transcodes = sources.filter(({ transcode }) => transcode);
  const feeds = viewers.filter(({ format }) => format === 'transcode');
  const nodes: MapNode[] = [];
  const edges: Edge[] = [];
  const tracks = new Map<number, TrackNode>();
  const sourceIds: string[] = [];

  for (const [index, source] of cameras.entries()) {
    const id = `source:${stream}:${index}`;
    sourceIds.push(id);
    nodes.push({ kind: 'source', id, stream, source, state: stateOf(source), ...(tier ? { tier } : {}) });
    for (const receiver of source.receivers) {
      addTrack(receiver.id, receiver.codec, id, receiver);
      places.set(receiver.id, id);
    }
  }

  const transcoderOf = new Map<number, string>();
  const byTranscoder = new Map(transcodes.map((source) => [`transcoder:${stream}:${source.url}`, source]));
  for (const [id, source] of byTranscoder) {
    for (const { id: made } of source.receivers) places.set(made, id);
  }
  for (const [track, place] of places) if (byTranscoder.has(place)) transcoderOf.set(track, place);

  for (const [id, source] of byTranscoder) {
    const { from, to, hardware } = source.transcode!;
    nodes.push({ kind: 'transcoder', id, stream, source, from, to, hardware });
    const feed = takeFeed(feeds, source);
    const sender = feed?.senders[0];
    const input = sender
      ? trackOf(sender)
      : [...tracks.values()].find(({ codec, receiver }) => receiver && codec.name === from);
    if (input) connect(input, id, input.codec, sender?.bytes ?? 0);
  }

  for (const viewer of viewers) {
    if (viewer.format === 'transcode') continue;
    const id = `viewer:${viewer.id}`;
    nodes.push({ kind: 'viewer', id, stream, viewer, own: OWN.has(viewer.format) });
    for (const sender of viewer.senders) {
      const transcoder = transcoderOf.get(sender.parent);
      const bursts = BURSTS.test(viewer.format) || sender.codec.name === 'mjpeg';
      if (transcoder === undefined) {
        connect(trackOf(sender), id, sender.codec, sender.bytes, bursts, viewer.bytes);
      } else {
        const broken = byTranscoder.get(transcoder)!.receivers.length === 0;
        edges.push({
          id: `${transcoder}>${id}:${sender.codec.name}`,
          from: transcoder,
          to: id,
          codec: sender.codec,
          bytes: sender.bytes,
          total: viewer.bytes,
          broken,
          bursts,
        });
      }
    }
  }
  return { nodes, edges, tracks: new Set([...tracks.keys(), ...transcoderOf.keys()]) };

  /** The track of a sender; one of a lost source is put where it was. */
  function trackOf({ parent, codec }: Sender): TrackNode {
    const known = tracks.get(parent);
    if (known) return known;
    const place = places.get(parent);
    const source = place !== undefined && sourceIds.includes(place) ? place : sourceIds[0];
    return addTrack(parent, codec, source);
  }

  function addTrack(id: number, codec: Codec, source: string | undefined, receiver?: Receiver): TrackNode {
    const node: TrackNode = {
      kind: 'track',
      id: `track:${id}`,
      stream,
      codec,
      ...(receiver ? { receiver } : {}),
    };
    tracks.set(id, node);
    nodes.push(node);
    if (source !== undefined) {
      edges.push({
        id: `${source}>${node.id}`,
        from: source,
        to: node.id,
        codec,
        bytes: receiver?.bytes ?? 0,
        broken: !receiver,
        bursts: codec.name === 'mjpeg',
      });
    }
    return node;
  }

  function connect(
    track: TrackNode,
    to: string,
    codec: Codec,
    bytes: number,
    bursts = false,
    total?: number,
  ): void {
    edges.push({
      id: `${track.id}>${to}`,
      from: track.id,
      to,
      codec,
      bytes,
      ...(total === undefined ? {} : { total }),
      broken: !track.receiver,
      bursts: bursts || track.codec.name === 'mjpeg',
    });
  }
}

function stateOf({ id, error }: Source): SourceNode['state'] {
  if (id !== 0) return 'live';
  return error ? 'failed' : 'idle';
}

/** The consumer that feeds this transcode: of the same codec, and made at the same time, so with the next id. */
function takeFeed(feeds: readonly Viewer[], source: Source): Viewer | undefined {
  const fits = feeds.filter(({ senders }) => senders[0]?.codec.name === source.transcode?.from);
  return fits.sort((a, b) => Math.abs(a.id - source.id) - Math.abs(b.id - source.id))[0];
}
