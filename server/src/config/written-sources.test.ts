import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfig } from './load.ts';
import { asWritten } from './written-sources.ts';

const FILE = `streams:
  door: [ "rtsp://me:\${PW}@door/1", rtsp://door/2 ]
  yard: rtsp://yard/\${PATH_OF_YARD:main}
  section: { url: "rtsp://\${PW}@x" }
  7: rtsp://seven
`;

const write = (name: string, sources: string[], text = FILE): string[] => {
  const environment = { PW: 'top-secret' };
  const { config } = loadConfig(
    [
      { kind: 'document', text: '' },
      { kind: 'file', path: 'x.yaml' },
    ],
    {
      environment,
      fileText: text,
    },
  );
  return asWritten(text, config, name, sources);
};

test('what stands in the file stays as it is written, wherever it goes in the list', () => {
  const [first, second] = ['rtsp://me:top-secret@door/1', 'rtsp://door/2'];
  assert.deepEqual(write('door', [second!, 'rtsp://new', first!]), [
    'rtsp://door/2',
    'rtsp://new',
    `rtsp://me:\${PW}@door/1`,
  ]);
  assert.deepEqual(write('yard', ['rtsp://yard/main']), [`rtsp://yard/\${PATH_OF_YARD:main}`]);
  assert.deepEqual(write('section', ['rtsp://top-secret@x']), [`rtsp://\${PW}@x`]);
});

test('everything else is written as it is given', () => {
  assert.deepEqual(write('none', ['rtsp://a']), ['rtsp://a']);
  assert.deepEqual(write('7', ['rtsp://seven', 'x']), ['rtsp://seven', 'x']);
  assert.deepEqual(write('door', ['rtsp://a'], 'streams: [\n'), ['rtsp://a']);
  assert.deepEqual(write('door', ['rtsp://a'], '- list\n'), ['rtsp://a']);
  assert.deepEqual(write('toString', ['rtsp://a']), ['rtsp://a']);
});
