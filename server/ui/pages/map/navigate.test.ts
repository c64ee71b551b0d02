import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildGraph } from './graph.ts';
import { neighbour } from './navigate.ts';
import { type OutlineItem, outline } from './outline.ts';
import { readStreams } from './streams.ts';

const box = (x: number, y: number) => ({ x, y, width: 100, height: 40 });
const boxes = new Map([
  ['source', box(0, 30)],
  ['video', box(200, 0)],
  ['audio', box(200, 60)],
  ['viewer', box(400, 30)],
]);

test('arrow keys lead to what is nearest in their direction', () => {
  assert.equal(neighbour(boxes, 'video', 'ArrowDown'), 'audio');
  assert.equal(neighbour(boxes, 'video', 'ArrowRight'), 'viewer');
  assert.equal(neighbour(boxes, 'viewer', 'ArrowLeft'), 'video');
  assert.equal(neighbour(boxes, 'audio', 'ArrowLeft'), 'source');
  assert.equal(neighbour(boxes, 'video', 'ArrowUp'), undefined);
  assert.equal(neighbour(boxes, 'nobody', 'ArrowUp'), undefined);
});

test('the outline has everything of the graph, viewers under each of their tracks', () => {
  const codec = { codec_name: 'h264' };
  const { groups } = buildGraph(
    readStreams({
      door: {
        producers: [
          {
            id: 1,
            url: 'x',
            receivers: [
              { id: 2, codec },
              { id: 3, codec },
            ],
          },
          { url: 'y' },
        ],
        consumers: [
          {
            id: 4,
            format_name: 'rtsp',
            senders: [
              { parent: 2, codec },
              { parent: 3, codec },
            ],
          },
        ],
      },
    }),
    [],
  );
  const lines = (items: readonly OutlineItem[], depth = 0): string[] =>
    items.flatMap(({ node, children }) => [`${'  '.repeat(depth)}${node.id}`, ...lines(children, depth + 1)]);
  assert.deepEqual(lines(outline(groups[0]!)), [
    'source:door:0',
    '  track:2',
    '    viewer:4',
    '  track:3',
    '    viewer:4',
    'source:door:1',
  ]);
});
