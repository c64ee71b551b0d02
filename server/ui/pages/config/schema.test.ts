import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { publishedSchema } from '../../../src/config/schema.ts';
import {
  afterKey,
  describe as describeSchema,
  keysFor,
  type Schema,
  schemasAt,
  valuesFor,
} from './schema.ts';
import { keyAt, placeAt } from './yaml-place.ts';

/** The place at the bar in the text. */
function at(marked: string) {
  return placeAt(marked.replace('|', ''), marked.indexOf('|'));
}

describe('a place in a YAML text', () => {
  const paths: readonly (readonly [text: string, path: readonly string[], kind: string])[] = [
    ['|', [], 'key'],
    ['rt|', [], 'key'],
    ['rtsp:\n  |', ['rtsp'], 'key'],
    ['rtsp:\n  lis|', ['rtsp'], 'key'],
    ['rtsp:\n  listen: ":8554"\n\n  # why\n  us|', ['rtsp'], 'key'],
    ['rtsp:\n  listen: x\nwe|', [], 'key'],
    ['log:\n  level: |', ['log', 'level'], 'value'],
    ['log:\n  level: de|', ['log', 'level'], 'value'],
    ['log: # loud\n  level: "de|', ['log', 'level'], 'value'],
    ['streams:\n  "front door":\n    tr|', ['streams', 'front door'], 'key'],
    ['streams:\n  door: rtsp://x\nwebrtc:\n  filters:\n    |', ['webrtc', 'filters'], 'key'],
    ['webrtc:\n  ice_servers:\n    - ur|', ['webrtc', 'ice_servers', '[]'], 'key'],
    ['webrtc:\n  ice_servers:\n    - urls: x\n      us|', ['webrtc', 'ice_servers', '[]'], 'key'],
    ['webrtc:\n  ice_servers:\n  - urls: x\n  - us|', ['webrtc', 'ice_servers', '[]'], 'key'],
    ['a:\n- b:\n  - c: |', ['a', '[]', 'b', '[]', 'c'], 'value'],
  ];
  for (const [text, path, kind] of paths) {
    test(JSON.stringify(text), () => {
      const place = at(text);
      assert.deepEqual([place?.path, place?.kind], [path, kind]);
    });
  }

  test('none in comments and sources', () => {
    for (const text of ['# rt|', 'streams:\n  door: rtsp://us|', 'log:\n  level: debug # de|']) {
      assert.equal(at(text), undefined, text);
    }
  });

  test('knows the keys beside it, above and below', () => {
    assert.deepEqual(at('api:\n  listen: x\n  |\n  origin: y\nlog:\n  level: z')?.siblings, [
      'listen',
      'origin',
    ]);
    assert.deepEqual(at('a:\n  - x: 1\n    y: 2\n  - |')?.siblings, []);
    assert.deepEqual(at('a:\n  - x: 1\n    |')?.siblings, ['x']);
  });

  test('of a key that is hovered', () => {
    const text = 'rtsp:\n  listen: ":8554"\n';
    assert.deepEqual(keyAt(text, 9)?.path, ['rtsp', 'listen']);
    assert.deepEqual(keyAt(text, 0)?.path, ['rtsp']);
    assert.equal(keyAt(text, 18), undefined);
  });
});

describe('what the schema of the config says', () => {
  const schema = publishedSchema() as Schema;
  const keys = (path: readonly string[], siblings: readonly string[] = []) =>
    keysFor(schemasAt(schema, path), siblings).map(({ label }) => label);
  const values = (path: readonly string[]) => valuesFor(schemasAt(schema, path)).map(({ label }) => label);

  test('of keys', () => {
    assert.ok(keys([]).includes('streams'));
    assert.ok(!keys([], ['streams']).includes('streams'));
    assert.ok(keys(['rtsp']).includes('listen'));
    assert.ok(keys(['streams', 'any name']).includes('transcode'));
    assert.ok(keys(['webrtc', 'ice_servers', '[]']).includes('credential'));
    assert.deepEqual(keys(['nonsense', 'deeper']), []);
  });

  test('of values', () => {
    assert.ok(values(['log', 'level']).includes('debug'));
    assert.ok(values(['log', 'rtsp']).includes('debug'));
    assert.deepEqual(values(['api', 'read_only']), ['true', 'false']);
    assert.ok(values(['rtsp', 'listen']).includes('127.0.0.1:8554'));
  });

  test('of a setting, in words', () => {
    assert.match(describeSchema(schemasAt(schema, ['rtsp', 'pkt_size'])), /Largest RTP packet.*1472/);
    assert.equal(describeSchema([]), '');
  });

  test('of how to go on after a key', () => {
    assert.equal(afterKey({ type: 'object', properties: {} }, 0), ':\n  ');
    assert.equal(afterKey({ type: 'array', items: { type: 'string' } }, 2), ':\n    - ');
    assert.equal(afterKey({ type: 'string' }, 0), ': ');
  });
});
