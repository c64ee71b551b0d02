import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfig } from './load.ts';
import { transcodeConfig } from './transcode.ts';

const DEFAULT = { mode: 'auto', limit: undefined, hardware: 'auto' };
const STREAM = 'streams: {cam: {url: "rtsp://camera", transcode: %}, other: "rtsp://other"}\n';

const ROWS: readonly (readonly [text: string, stream: string, expected: object])[] = [
  ['', 'cam', DEFAULT],
  ['transcode: never', 'cam', { ...DEFAULT, mode: 'never' }],
  ['transcode:', 'cam', DEFAULT],
  ['transcode: {limit: 0, hardware: off}', 'cam', { mode: 'auto', limit: 0, hardware: 'off' }],
  ['transcode: {mode: never}', 'cam', { ...DEFAULT, mode: 'never' }],
  [STREAM.replace('%', 'never'), 'cam', { ...DEFAULT, mode: 'never' }],
  [STREAM.replace('%', 'never'), 'other', DEFAULT],
  [`${STREAM.replace('%', 'auto')}transcode: never`, 'cam', DEFAULT],
  [`${STREAM.replace('%', 'auto')}transcode: never`, 'other', { ...DEFAULT, mode: 'never' }],
];

for (const [text, stream, expected] of ROWS) {
  test(`${stream} in ${JSON.stringify(text)}`, () => {
    const { config, problems } = loadConfig([{ kind: 'document', text }]);
    assert.deepEqual(problems, []);
    assert.deepEqual(transcodeConfig(config, stream), expected);
  });
}

for (const text of [
  'transcode: sometimes',
  'transcode: {limit: -1}',
  'transcode: {hardware: gpu}',
  'transcode: [1]',
]) {
  test(`${text} is reported, and the default holds`, () => {
    const { config, problems } = loadConfig([{ kind: 'document', text }]);
    assert.equal(problems.length, 1);
    assert.deepEqual(transcodeConfig(config, 'cam'), DEFAULT);
  });
}
