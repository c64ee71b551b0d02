import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clearLog, configureLog, createLogger, logLevels, readLog, setLogLevel } from './log.ts';
import { type LogFilter, passesFilter } from './log-filter.ts';

configureLog({ level: 'info', write: undefined });

const line = (fields: object): string =>
  JSON.stringify({
    level: 'warn',
    time: 1000,
    message: '[rtsp] client dropped',
    stream: 'garden',
    ...fields,
  });

test('each condition of a filter decides, and all of them together', () => {
  const table: [LogFilter, boolean][] = [
    [{}, true],
    [{ level: 'warn' }, true],
    [{ level: 'error' }, false],
    [{ module: 'rtsp' }, true],
    [{ module: 'rts' }, false],
    [{ stream: 'garden' }, true],
    [{ stream: 'door' }, false],
    [{ sinceMs: 1000 }, true],
    [{ sinceMs: 1001 }, false],
    [{ text: 'Client DROPPED' }, true],
    [{ text: 'garden' }, true],
    [{ text: 'nothing' }, false],
    [{ level: 'info', module: 'rtsp', stream: 'garden', text: 'dropped', sinceMs: 5 }, true],
    [{ level: 'info', module: 'rtsp', stream: 'door' }, false],
  ];
  for (const [filter, passes] of table)
    assert.equal(passesFilter(line({}), filter), passes, JSON.stringify(filter));
  assert.equal(passesFilter(line({ stream: undefined }), { stream: 'garden' }), false);
});

test('levels change while loggers are in use, of one module or of all', () => {
  const [camera, api] = [createLogger('camera', { stream: 'door' }), createLogger('api')];
  clearLog();
  setLogLevel('debug', 'camera');
  camera.with({ id: 7 }).debug('one');
  api.debug('none');
  assert.deepEqual(
    readLog()
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text))
      .map(({ message, stream, id }) => ({ message, stream, id })),
    [{ message: '[camera] one', stream: 'door', id: 7 }],
  );
  assert.equal(logLevels().modules.camera, 'debug');
  assert.ok(logLevels().known.includes('api'));
  setLogLevel('error');
  camera.info('none');
  assert.deepEqual(logLevels().modules, {});
  assert.equal(
    readLog((text) => passesFilter(text, { text: 'none' })),
    '',
  );
  configureLog({ level: 'info' });
});
