import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { redact } from '../util/redact.ts';
import type { ConfigArgument } from './arguments.ts';
import { formatProblem } from './error.ts';
import { loadConfig } from './load.ts';
import { streamList } from './streams.ts';

const directory = mkdtempSync(join(tmpdir(), 'porthole-load-'));

/** Loads one file with this text; returns the problems as lines. */
function load(text: string, environment: Record<string, string> = {}, more: ConfigArgument[] = []) {
  const path = join(directory, 'porthole.yaml');
  writeFileSync(path, text);
  const loaded = loadConfig([{ kind: 'file', path }, ...more], { environment });
  return { ...loaded, problems: loaded.problems.map(formatProblem) };
}

const key = (path: string, text: string): ConfigArgument => ({ kind: 'key', path: path.split('.'), text });

test('an empty configuration is safe: loopback only', () => {
  const { config, problems, file } = loadConfig([]);
  assert.deepEqual(problems, []);
  assert.equal(file, undefined);
  assert.equal(config.api.listen, '127.0.0.1:1984');
  assert.equal(config.rtsp.listen, '127.0.0.1:8554');
  assert.equal(config.webrtc.listen, ':8555');
  assert.equal(config.log.level, 'info');
  assert.deepEqual(config.streams, {});
  assert.deepEqual(config.webrtc.filters, { loopback: false });
});

test('a missing file is fine and is still the config file', () => {
  const path = join(directory, 'missing.yaml');
  const { problems, file } = loadConfig([{ kind: 'file', path }]);
  assert.deepEqual([problems, file], [[], path]);
});

test('the four forms of a stream', () => {
  const { config, problems } = load(`
streams:
  one: rtsp://a
  list:
    - rtsp://b
    - ffmpeg:list#audio=opus   # a comment, not an option
  map: {url: rtsp://c}
  empty:
  "a/b c": " rtsp://d "
`);
  assert.deepEqual(problems, []);
  assert.deepEqual(streamList(config), [
    { name: 'one', sources: ['rtsp://a'] },
    { name: 'list', sources: ['rtsp://b', 'ffmpeg:list#audio=opus'] },
    { name: 'map', sources: ['rtsp://c'] },
    { name: 'empty', sources: [] },
    { name: 'a/b c', sources: ['rtsp://d'] },
  ]);
});

test('text keeps its spelling, booleans have many', () => {
  const { config, problems } = load(`
api: {username: 0123, password: 1.10, local_auth: yes, listen: ""}
rtsp: {username: on, password: null, pkt_size: 1400}
ffmpeg: {timeout: 5, h264: -c:v copy}
`);
  assert.deepEqual(problems, []);
  assert.deepEqual(
    [config.api.username, config.api.password, config.api.local_auth, config.api.listen],
    ['0123', '1.10', true, ''],
  );
  assert.deepEqual(
    [config.rtsp.username, config.rtsp.password, config.rtsp.pkt_size],
    ['on', undefined, 1400],
  );
  assert.deepEqual(config.ffmpeg, { timeout: '5', h264: '-c:v copy', bin: 'ffmpeg' });
});

test('documents merge in order: maps by key, the rest is replaced', () => {
  const { config, problems } = load(
    'streams: {a: rtsp://1, b: rtsp://2}\nwebrtc: {candidates: [x:1, y:2]}',
    {},
    [
      { kind: 'document', text: '{"streams": {"b": ["rtsp://3"]}, "webrtc": {"candidates": ["z:3"]}}' },
      key('log.level', 'trace'),
      key('streams.c', 'rtsp://host/?a=b#media=video'),
      key('api.tls_listen', ''),
    ],
  );
  assert.deepEqual(problems, []);
  assert.deepEqual(config.streams, { a: 'rtsp://1', b: ['rtsp://3'], c: 'rtsp://host/?a=b#media=video' });
  assert.deepEqual(config.webrtc.candidates, ['z:3']);
  assert.equal(config.log.level, 'trace');
});

test('a wrong value is named with its place, and costs only itself', () => {
  const { config, problems } = load(`api:
  listen: nonsense
  username: admin
  local_auth: perhaps
rtsp:
  pkt_size: 70000
  listen: [1]
streams:
  good: rtsp://a
  bad: {url: {a: b}}
  items: [rtsp://b, [x], rtsp://c]
  12: rtsp://d
log: {level: loud, rtsp: debug}
webrtc: text
unknown: {anything: [goes]}
`);
  assert.deepEqual(problems, [
    'porthole.yaml:2:11: api.listen: not a listen address: nonsense (expected host:port or :port)',
    'porthole.yaml:4:15: api.local_auth: expected true or false, found other text',
    'porthole.yaml:6:13: rtsp.pkt_size: expected a number from 0 to 65535, found 70000',
    'porthole.yaml:7:11: rtsp.listen: expected text, found a list',
    'porthole.yaml:10:14: streams.bad.url: expected text or a list, found a map',
    'porthole.yaml:11:21: streams.items[1]: expected text, found a list',
    'porthole.yaml:13:14: log.level: expected one of trace, debug, info, warn, error, fatal, panic, disabled, found loud',
    'porthole.yaml:14:9: webrtc: expected a map, found other text',
  ]);
  assert.equal(config.api.listen, '127.0.0.1:1984');
  assert.equal(config.api.username, 'admin');
  assert.deepEqual(streamList(config), [
    { name: '12', sources: ['rtsp://d'] },
    { name: 'good', sources: ['rtsp://a'] },
    { name: 'bad', sources: [] },
    { name: 'items', sources: ['rtsp://b', 'rtsp://c'] },
  ]);
  assert.equal((config.log as Record<string, unknown>).rtsp, 'debug');
  assert.deepEqual((config as Record<string, unknown>).unknown, { anything: ['goes'] });
});

test('malformed YAML costs the entry it is in', () => {
  const { config, problems } = load(`# comment
api:
  listen: ":1985
  username: admin
streams:
  front: rtsp://a
  back: "rtsp://b
  side: [rtsp://c, rtsp://d
  garden:
    - rtsp://e
log:
  level: debug
`);
  assert.deepEqual(problems, [
    'porthole.yaml:3:17: Missing closing "quote',
    'porthole.yaml:7:18: Missing closing "quote',
    'porthole.yaml:8:28: Flow sequence in block collection must be sufficiently indented and end with a ]',
  ]);
  assert.equal(config.api.username, 'admin');
  assert.deepEqual(Object.keys(config.streams), ['front', 'garden']);
  assert.equal(config.log.level, 'debug');
});

test('text that is no YAML map at all', () => {
  for (const text of [
    'just text',
    '- a\n- b',
    '{"streams": {"a": "rtsp://a"',
    '%',
    '\0',
    ']',
    '"',
    ': :',
    '--- |\n x',
  ]) {
    const { config, problems } = load(text);
    assert.equal(config.api.listen, '127.0.0.1:1984', text);
    assert.ok(problems.length > 0, text);
  }
  assert.deepEqual(load('').problems, []);
  assert.deepEqual(load('# only a comment\n').problems, []);
  assert.deepEqual(load('\uFEFFlog: {level: debug}').config.log.level, 'debug');
});

test('a key that is there twice', () => {
  const { config, problems } = load('streams:\n  a: rtsp://1\n  a: rtsp://2\n');
  assert.deepEqual(problems, ['porthole.yaml:3:3: streams.a: is there twice; the last one is used']);
  assert.deepEqual(config.streams, { a: 'rtsp://2' });
});

test('anchors, aliases and merge keys', () => {
  const { config, problems } = load(`
x: &base {username: u, password: p}
api: {<<: *base, username: v}
rtsp:
  <<: [*base]
streams: {a: &a rtsp://a, b: *a, c: [*a, *missing]}
`);
  assert.deepEqual(problems, ['porthole.yaml:6:42: streams.c[1]: an alias without an anchor']);
  assert.deepEqual([config.api.username, config.api.password], ['v', 'p']);
  assert.deepEqual(config.rtsp.username, 'u');
});

test('placeholders: env section, credentials directory, environment, default', () => {
  const credentials = join(directory, 'credentials');
  mkdirSync(credentials, { recursive: true });
  writeFileSync(join(credentials, 'CAMERA_PASSWORD'), 'from-credentials\n');
  const { config, problems } = load(
    `env:
  USER_NAME: from-env-section
streams:
  a: rtsp://\${USER_NAME}:\${CAMERA_PASSWORD:unused}@\${HOST_NAME:camera}/\${EMPTY:}
  b: rtsp://\${UNKNOWN}@host
api: {listen: ":\${PORT:1990}", local_auth: \${FLAG:true}, wrong: 1, read_only: \${HOST_NAME:x}y}
`,
    { USER_NAME: 'from-environment', PORT: '1991', CREDENTIALS_DIRECTORY: credentials },
  );
  assert.equal(config.streams.a, 'rtsp://from-env-section:from-credentials@camera/');
  assert.equal(config.streams.b, `rtsp://\${UNKNOWN}@host`);
  assert.equal(config.api.listen, ':1991');
  assert.equal(config.api.local_auth, true);
  // The column is the one in the file, not in the text after substitution.
  assert.deepEqual(problems, ['porthole.yaml:6:79: api.read_only: expected true or false, found other text']);
  assert.equal(redact('from-credentials and from-env-section on :1991'), '*** and *** on :1991');
});

test('secrets are masked from then on, and never in a problem', () => {
  const { problems } = load(`api: {password: api-secret-1}
streams:
  cam: rtsp://user:cam%20secret-1@host
  bad: [[rtsp://user:cam%20secret-1@host]]
  "api-secret-1": 5`);
  assert.equal(redact('api-secret-1, cam secret-1, cam%20secret-1'), '***, ***, ***');
  assert.ok(!problems.join().includes('secret-1'), problems.join());
});

test('prototype keys are ordinary names', () => {
  const { config } = load('streams: {__proto__: rtsp://a, constructor: rtsp://b}');
  assert.deepEqual(
    streamList(config).map(({ name }) => name),
    ['__proto__', 'constructor'],
  );
  assert.equal(({} as Record<string, unknown>).url, undefined);
});

test('limits: size, depth, aliases', { timeout: 20_000 }, () => {
  const bomb = ['a: &a [x, x, x, x, x, x, x, x, x, x]'];
  for (let i = 0; i < 12; i++) {
    const name = String.fromCharCode(98 + i);
    const previous = String.fromCharCode(97 + i);
    bomb.push(`${name}: &${name} [${Array(10).fill(`*${previous}`).join(', ')}]`);
  }
  const hostile: Record<string, string> = {
    bomb: bomb.join('\n'),
    self: 'a: &a [*a]',
    size: `a: ${'x'.repeat(2 << 20)}`,
    brackets: '['.repeat(500_000),
    balanced: '['.repeat(3000) + ']'.repeat(3000),
    braces: '{a: '.repeat(100_000),
    sequence: `${'- '.repeat(100_000)}a`,
    questions: '? '.repeat(100_000),
    indents: Array.from({ length: 800 }, (_, i) => `${' '.repeat(i)}a:\n`).join(''),
  };
  for (const [name, text] of Object.entries(hostile)) {
    const start = performance.now();
    const { problems } = load(text);
    assert.ok(problems.length > 0, name);
    assert.ok(
      problems.every((problem) => problem.length < 300),
      name,
    );
    assert.ok(performance.now() - start < 2000, `${name} took ${performance.now() - start} ms`);
  }
});
