// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders as they stand in a config file
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { checkDocument, mergeDocument, setValue } from './edit.ts';

const FILE = `# Cameras of the house
api:
  listen: ":1984"   # for the tablets

streams:
    # the door
    door:   rtsp://user:\${PASSWORD}@door/1   # east
    garden: # two sources
        - rtsp://garden/1
        - "ffmpeg:garden#audio=opus"

    pond:
    text: |
        one
        two

# the end
log: {level: debug, rtsp: trace} # flow
`;

/** Each row: what it shows, the path, the value, and the lines that go and come. */
const rows: [string, string[], unknown, string, string][] = [
  [
    'a value',
    ['streams', 'door'],
    'rtsp://new',
    '    door:   rtsp://user:${PASSWORD}@door/1   # east',
    '    door: rtsp://new   # east',
  ],
  [
    'a list for a value',
    ['streams', 'door'],
    ['a:1', 'b:2'],
    '    door:   rtsp://user:${PASSWORD}@door/1   # east',
    '    door:   # east\n      - a:1\n      - b:2',
  ],
  [
    'a value for a list',
    ['streams', 'garden'],
    'x:1',
    '    garden: # two sources\n        - rtsp://garden/1\n        - "ffmpeg:garden#audio=opus"',
    '    garden: x:1 # two sources',
  ],
  [
    'a list for a list',
    ['streams', 'garden'],
    ['x:1'],
    '        - rtsp://garden/1\n        - "ffmpeg:garden#audio=opus"',
    '      - x:1',
  ],
  ['a value for nothing', ['streams', 'pond'], 'x:1', '    pond:', '    pond: x:1'],
  ['a list for nothing', ['streams', 'pond'], ['x:1'], '    pond:', '    pond:\n      - x:1'],
  [
    'a value for a block text',
    ['streams', 'text'],
    'x:1',
    '    text: |\n        one\n        two',
    '    text: x:1',
  ],
  ['a new key', ['streams', 'new'], 'x:1', '        two\n', '        two\n    new: x:1\n'],
  ['a new section', ['rtsp', 'listen'], ':8554', '# flow\n', '# flow\nrtsp:\n  listen: :8554\n'],
  [
    'a key goes',
    ['streams', 'garden'],
    undefined,
    '    garden: # two sources\n        - rtsp://garden/1\n        - "ffmpeg:garden#audio=opus"\n',
    '',
  ],
  [
    'a value inside a new map',
    ['streams', 'door', 'url'],
    'x:1',
    '    door:   rtsp://user:${PASSWORD}@door/1   # east',
    '    door:   # east\n      url: x:1',
  ],
  [
    'text that looks like a number',
    ['api', 'password'],
    '0123',
    '# for the tablets\n',
    '# for the tablets\n  password: "0123"\n',
  ],
];

for (const [name, path, value, before, after] of rows) {
  test(`sets ${name} and touches nothing else`, () => {
    assert.ok(FILE.includes(before));
    assert.equal(
      setValue(FILE, path, value),
      FILE.replace(before, () => after),
    );
  });
}

test('flow maps are printed anew; comments survive', () => {
  const edited = setValue(FILE, ['log', 'level'], 'info');
  assert.deepEqual(parse(edited).log, { level: 'info', rtsp: 'trace' });
  for (const comment of FILE.match(/# [^\n]+/g) ?? []) assert.ok(edited.includes(comment), comment);
  assert.ok(edited.includes('${PASSWORD}'));
});

test('from nothing', () => {
  assert.equal(setValue('', ['streams', 'a'], 'x:1'), 'streams:\n  a: x:1\n');
  assert.equal(setValue('# comment', ['streams', 'a'], ['x:1']), '# comment\nstreams:\n  a:\n    - x:1\n');
  assert.equal(setValue('streams:', ['streams', 'a'], 'x:1'), 'streams:\n  a: x:1\n');
  assert.equal(setValue('streams: {}\n', ['streams', 'a'], 'x:1'), 'streams:\n  a: x:1\n');
  assert.equal(setValue('a: 1', ['b'], 2), 'a: 1\nb: 2\n');
});

test('setting what is there already changes nothing', () => {
  const text = 'streams: {a: [ x:1,  y:2 ]}   # as I like it\n';
  assert.equal(setValue(text, ['streams', 'a'], ['x:1', 'y:2']), text);
});

test('removing what is not there changes nothing', () => {
  for (const path of [['x'], ['streams', 'x'], ['streams', 'pond', 'x'], ['log', 'x'], ['x', 'y', 'z']]) {
    assert.equal(setValue(FILE, path, undefined), FILE);
  }
});

test('the last key of a section goes, the section stays', () => {
  assert.equal(setValue('streams:\n  a: x:1\nb: 2\n', ['streams', 'a'], undefined), 'streams:\nb: 2\n');
});

test('placeholders in flow collections', () => {
  const text = 'streams:\n  a: [rtsp://${USER:x}@host]\n';
  assert.equal(setValue(text, ['streams', 'b'], 'x:${Y}'), `${text}  b: x:\${Y}\n`);
});

test('windows line ends', () => {
  assert.deepEqual(parse(setValue('a: 1\r\nb:\r\n  c: 2\r\n', ['b', 'd'], 3)), { a: 1, b: { c: 2, d: 3 } });
});

test('merging: maps by key, the rest replaced, as YAML and as JSON', () => {
  const patch = { streams: { door: ['x:1'], new: null }, rtsp: { pkt_size: 1200 } };
  const expected = parse(FILE);
  expected.streams.door = ['x:1'];
  expected.streams.new = null;
  expected.rtsp = { pkt_size: 1200 };
  for (const text of [JSON.stringify(patch), 'streams:\n  door: [x:1]\n  new:\nrtsp: {pkt_size: 1200}']) {
    const merged = mergeDocument(FILE, text);
    assert.deepEqual(parse(merged), expected);
    for (const comment of FILE.match(/# [^\n]+/g) ?? []) assert.ok(merged.includes(comment), comment);
  }
  assert.equal(mergeDocument(FILE, ''), FILE);
  assert.equal(mergeDocument('', 'api: {password: 0123}'), 'api:\n  password: "0123"\n');
});

test('what cannot be edited is refused with its place', () => {
  assert.throws(() => setValue('a: [', ['b'], 1), /the config file, line 1: /);
  assert.throws(() => setValue('- a', ['b'], 1), /the config file is not a map/);
  assert.throws(() => setValue('x: &x {}\nstreams: *x', ['streams', 'a'], 1), /streams is an alias/);
  assert.throws(() => mergeDocument('', 'text'), /the patch is not a map/);
  assert.throws(() => mergeDocument('', 'a: 1\nb: "'), /the patch, line 2: /);
  assert.throws(() => checkDocument('a: 1\n  b: 2'), /the document, line \d: /);
  assert.throws(() => checkDocument('['.repeat(1000)), /nested/);
  checkDocument(FILE);
  checkDocument('');
});
