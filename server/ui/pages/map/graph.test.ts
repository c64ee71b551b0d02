import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { buildGraph, type Group } from './graph.ts';
import { readStreams } from './streams.ts';

const HEVC = { codec_name: 'hevc', codec_type: 'video', width: 2560, height: 1440 };
const H264 = { codec_name: 'h264', codec_type: 'video', width: 1920, height: 1080, profile: 'High' };
const AAC = { codec_name: 'aac', codec_type: 'audio', sample_rate: 16000 };

/** A camera with picture and sound; one viewer takes both as they are, one gets its picture transcoded. */
const DOOR = {
  producers: [
    {
      id: 13,
      format_name: 'rtsp',
      protocol: 'rtsp+tcp',
      url: 'rtsp://***@10.0.0.7/main',
      medias: ['video, recvonly, H265', 'audio, sendonly, PCMA/8000'],
      receivers: [
        { id: 14, codec: HEVC, bytes: 1000, packets: 5 },
        { id: 15, codec: AAC, bytes: 100, packets: 9 },
      ],
      bytes_recv: 1200,
    },
    { url: 'ffmpeg:door#audio=opus' },
    {
      id: 32,
      format_name: 'transcode',
      url: 'ffmpeg:door#video=h264',
      receivers: [{ id: 35, codec: H264, bytes: 2000, packets: 5 }],
      transcode: { from: 'hevc', to: 'h264', viewers: 1 },
    },
  ],
  consumers: [
    {
      id: 17,
      format_name: 'rtsp',
      senders: [
        { id: 40, codec: HEVC, parent: 14, bytes: 990 },
        { id: 41, codec: AAC, parent: 15, bytes: 99 },
      ],
    },
    { id: 33, format_name: 'transcode', senders: [{ id: 43, codec: HEVC, parent: 14, bytes: 980 }] },
    {
      id: 36,
      format_name: 'webrtc',
      senders: [
        { id: 44, codec: H264, parent: 35, bytes: 1990 },
        { id: 45, codec: AAC, parent: 15, bytes: 98 },
      ],
    },
  ],
};

const arrows = ({ edges }: Group) => edges.map(({ from, to }) => `${from} -> ${to}`).sort();

describe('the graph of the map', () => {
  test('goes from sources over tracks and transcoders to viewers', () => {
    const { groups } = buildGraph(readStreams({ door: DOOR }), []);
    assert.equal(groups.length, 1);
    assert.deepEqual(arrows(groups[0]!), [
      'source:door:0 -> track:14',
      'source:door:0 -> track:15',
      'track:14 -> transcoder:door:ffmpeg:door#video=h264',
      'track:14 -> viewer:17',
      'track:15 -> viewer:17',
      'track:15 -> viewer:36',
      'transcoder:door:ffmpeg:door#video=h264 -> viewer:36',
    ]);
  });

  test('tells the bytes of each edge', () => {
    const { groups } = buildGraph(readStreams({ door: DOOR }), []);
    const bytes = Object.fromEntries(groups[0]!.edges.map((edge) => [`${edge.from}>${edge.to}`, edge.bytes]));
    assert.equal(bytes['source:door:0>track:14'], 1000);
    assert.equal(bytes['track:14>transcoder:door:ffmpeg:door#video=h264'], 980);
    assert.equal(bytes['transcoder:door:ffmpeg:door#video=h264>viewer:36'], 1990);
  });

  test('shows sources that are not open, and those that failed', () => {
    const { groups } = buildGraph(
      readStreams({
        door: DOOR,
        gone: { producers: [{ url: 'rtsp://x', error: 'refused' }], consumers: null },
      }),
      [],
    );
    const states = groups.flatMap(({ nodes }) =>
      nodes.flatMap((node) => ('state' in node ? node.state : [])),
    );
    assert.deepEqual(states, ['live', 'idle', 'failed']);
  });

  test('puts main and sub stream of a camera into one group, by its name', () => {
    const { groups } = buildGraph(readStreams({ door: DOOR, small: { producers: [{ url: 'rtsp://y' }] } }), [
      { id: 'door', name: 'Front door', sub: 'small' },
    ]);
    assert.deepEqual(
      groups.map(({ id, name }) => [id, name]),
      [['door', 'Front door']],
    );
    const tiers = groups[0]!.nodes.flatMap((node) => (node.kind === 'source' ? node.tier : []));
    assert.deepEqual(tiers, ['main', 'main', 'sub']);
  });

  test('keeps the tracks of a lost source where they were while viewers wait', () => {
    const second = { id: 50, url: 'rtsp://second', receivers: [{ id: 51, codec: AAC, bytes: 5 }] };
    const before = buildGraph(readStreams({ door: { ...DOOR, producers: [{ url: 'none' }, second] } }), []);
    assert.equal(before.places.get(51), 'source:door:1');
    const lost = {
      producers: [{ url: 'none' }, { url: 'rtsp://second', error: 'timeout' }],
      consumers: [{ id: 60, format_name: 'rtsp', senders: [{ id: 61, codec: AAC, parent: 51, bytes: 5 }] }],
    };
    const { groups, places } = buildGraph(readStreams({ door: lost }), [], before.places);
    assert.deepEqual(arrows(groups[0]!), ['source:door:1 -> track:51', 'track:51 -> viewer:60']);
    assert.ok(groups[0]!.edges.every(({ broken }) => broken));
    assert.equal(places.get(51), 'source:door:1');
  });

  test('forgets places that nobody speaks of', () => {
    const { places } = buildGraph(readStreams({ door: DOOR }), []);
    assert.ok(places.size > 0);
    assert.equal(buildGraph(readStreams({ door: { producers: [{ url: 'x' }] } }), [], places).places.size, 0);
  });

  test('gives a transcode its track also before it is fed', () => {
    const consumers = DOOR.consumers.filter(({ format_name }) => format_name !== 'transcode');
    const { groups } = buildGraph(readStreams({ door: { ...DOOR, consumers } }), []);
    assert.ok(arrows(groups[0]!).includes('track:14 -> transcoder:door:ffmpeg:door#video=h264'));
  });

  test('reads anything', () => {
    for (const answer of [
      null,
      'text',
      { a: null },
      { a: { producers: [null, 3], consumers: [{ senders: 'x' }] } },
    ]) {
      buildGraph(readStreams(answer), []);
    }
  });

  test('has every edge end at nodes of its group, and each id once', () => {
    const { groups } = buildGraph(readStreams({ door: DOOR }), []);
    for (const { nodes, edges } of groups) {
      const ids = new Set(nodes.map(({ id }) => id));
      assert.equal(ids.size, nodes.length);
      assert.equal(new Set(edges.map(({ id }) => id)).size, edges.length);
      for (const { from, to } of edges) assert.ok(ids.has(from) && ids.has(to));
    }
  });
});
