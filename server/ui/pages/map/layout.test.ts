import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { buildGraph, type Group } from './graph.ts';
import { type Box, layoutKey, layoutMap } from './layout.ts';
import { readStreams } from './streams.ts';

const codec = { codec_name: 'h264' };

/** A camera with picture and sound, `viewers` that take both, and one with a transcode if asked. */
function camera(id: number, viewers: number, transcodes = false) {
  const senders = [100, 200].map((track) => ({ parent: id + track, codec, bytes: 1 }));
  return {
    producers: [
      { id, url: 'rtsp://x', receivers: [100, 200].map((track) => ({ id: id + track, codec, bytes: 1 })) },
      ...(transcodes
        ? [
            {
              id: id + 300,
              url: 'ffmpeg:x#video=mjpeg',
              receivers: [{ id: id + 301, codec, bytes: 1 }],
              transcode: { from: 'h264', to: 'mjpeg' },
            },
          ]
        : []),
    ],
    consumers: [
      ...Array.from({ length: viewers }, (_, index) => ({
        id: id + 400 + index,
        format_name: 'rtsp',
        senders,
      })),
      ...(transcodes
        ? [{ id: id + 500, format_name: 'mjpeg', senders: [{ parent: id + 301, codec, bytes: 1 }] }]
        : []),
    ],
  };
}

const groupsOf = (streams: unknown) => buildGraph(readStreams(streams), []).groups;

function assertApart(boxes: Iterable<Box>): void {
  const all = [...boxes];
  for (const [index, a] of all.entries()) {
    for (const b of all.slice(index + 1)) {
      const apart =
        a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
      assert.ok(apart, `${JSON.stringify(a)} and ${JSON.stringify(b)} overlap`);
    }
  }
}

const forty = () =>
  Object.fromEntries(
    Array.from({ length: 40 }, (_, index) => [
      `camera ${index}`,
      index % 3 === 0
        ? camera(1000 * (index + 1), index % 5, index % 2 === 0)
        : { producers: [{ url: 'rtsp://x' }] },
    ]),
  );

describe('the layout of the map', () => {
  for (const width of [358, 1200]) {
    test(`overlaps nothing at ${width} pixels, with 40 cameras`, () => {
      const layout = layoutMap(groupsOf(forty()), width, width < 500);
      assertApart(layout.nodes.values());
      assertApart(layout.groups.values());
    });
  }

  test('puts cameras that nobody watches into a grid, two beside each other on a phone, the failed ones first', () => {
    const quiet = { producers: [{ url: 'rtsp://x' }] };
    const groups = groupsOf({
      a: quiet,
      b: quiet,
      c: { producers: [{ url: 'rtsp://x', error: 'refused' }] },
    });
    const { groups: boxes, width } = layoutMap(groups, 358, true);
    const at = (id: string) => boxes.get(id)!;
    assert.ok(width <= 358);
    assert.deepEqual([at('c').x, at('c').y], [0, 0]);
    assert.deepEqual([at('a').y, at('a').width], [0, at('c').width]);
    assert.ok(at('b').y > 0);
  });

  test('is quick enough for 40 cameras', () => {
    const groups = groupsOf(forty());
    const start = performance.now();
    layoutMap(groups, 1200, false);
    assert.ok(performance.now() - start < 1500);
  });

  test('runs to the right where it is wide, and down on a phone', () => {
    const groups = groupsOf({ a: camera(1, 1) });
    const wide = layoutMap(groups, 1200, false).nodes;
    const narrow = layoutMap(groups, 358, true).nodes;
    const order = ['source:a:0', 'track:101', 'viewer:401'];
    for (const [before, after] of [order.slice(0, 2), order.slice(1)]) {
      assert.ok(wide.get(before!)!.x + wide.get(before!)!.width < wide.get(after!)!.x);
      assert.ok(narrow.get(before!)!.y + narrow.get(before!)!.height < narrow.get(after!)!.y);
    }
    assert.ok(layoutMap(groups, 358, true).width <= 358);
    assert.ok(layoutMap(groups, 1200, false).width <= 1200);
  });

  test('has the same columns for all cameras', () => {
    const { nodes } = layoutMap(groupsOf({ a: camera(1, 1), b: camera(1001, 2, true) }), 1200, false);
    assert.equal(nodes.get('viewer:401')!.x, nodes.get('viewer:1401')!.x);
    assert.equal(nodes.get('track:101')!.x, nodes.get('track:1101')!.x);
  });

  test('leaves a camera where it is, inside, when another one gets a viewer', () => {
    const inside = (groups: readonly Group[]) => {
      const { nodes, groups: boxes } = layoutMap(groups, 1200, false);
      const box = boxes.get('b')!;
      return groups
        .find(({ id }) => id === 'b')!
        .nodes.map(({ id }) => [id, nodes.get(id)!.x - box.x, nodes.get(id)!.y - box.y]);
    };
    const before = inside(groupsOf({ a: camera(1, 1), b: camera(1001, 2) }));
    assert.deepEqual(inside(groupsOf({ a: camera(1, 4), b: camera(1001, 2) })), before);
  });

  test('has a key that changes with what is there, not with the bytes', () => {
    const streams = { a: camera(1, 1) };
    const key = layoutKey(groupsOf(streams), 800, false);
    const moved = structuredClone(streams);
    for (const receiver of moved.a.producers[0]!.receivers) receiver.bytes += 5;
    assert.equal(layoutKey(groupsOf(moved), 800, false), key);
    assert.notEqual(layoutKey(groupsOf({ a: camera(1, 2) }), 800, false), key);
    assert.notEqual(layoutKey(groupsOf(streams), 801, false), key);
  });
});
