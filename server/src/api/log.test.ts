/** The log over the API: filters, levels at run time, and a bundle without secrets. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { configureLog, createLogger } from '../util/log.ts';
import { startTestApi, type TestApi } from './testing.ts';

const CONFIG = `
api: {username: admin, password: abc}
rtsp: {password: xy9}
homekit: {door: {pin: 1234, device_private: feedbeef}}
streams:
  door: rtsp://user:pass-77@192.0.2.1/main
  odd: fail:rtsp://192.0.2.1/user=admin_password=tlJw8_channel=1
  run: "exec:curl -H 'Authorization: Bearer bear-88' http://192.0.2.4/"
cameras: {door: {name: Front door}}
`;

describe('the log', () => {
  let api: TestApi;
  before(async () => {
    api = await startTestApi(CONFIG);
  });
  after(async () => {
    await api.close();
    configureLog({ level: 'info' });
  });

  const lines = async (query: string): Promise<string[]> =>
    (await api.ask(`/api/log?${query}`)).text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line).message);

  test('is filtered by level, module, stream, time and text', async () => {
    await api.ask('/api/log', { method: 'DELETE' });
    const [camera, other] = [createLogger('camera', { stream: 'door' }), createLogger('other')];
    camera.info('one');
    camera.warn('two');
    const since = Date.now();
    other.error('three', { detail: 'Needle' });
    assert.deepEqual(await lines('stream=door'), ['[camera] one', '[camera] two']);
    assert.deepEqual(await lines('level=warn'), ['[camera] two', '[other] three']);
    assert.deepEqual(await lines('module=other'), ['[other] three']);
    assert.deepEqual(await lines('q=needle'), ['[other] three']);
    assert.ok((await lines(`since=${since}`)).includes('[other] three'));
    assert.deepEqual(await lines(`since=${since + 60_000}`), []);
    assert.deepEqual(await lines('stream=door&level=warn&q=two'), ['[camera] two']);
    assert.deepEqual(await lines(''), ['[camera] one', '[camera] two', '[other] three']);
    for (const query of ['level=loud', 'since=yesterday', 'since=-1'])
      assert.equal((await api.ask(`/api/log?${query}`)).status, 400, query);
  });

  test('has levels that change while it runs', async () => {
    const put = (query: string) => api.ask(`/api/log?${query}`, { method: 'PUT' });
    const logger = createLogger('late');
    assert.equal((await put('level=trace&module=late')).status, 200);
    const { json } = await api.ask('/api/log/levels');
    assert.deepEqual([json.level, json.modules.late, json.known.includes('late')], ['info', 'trace', true]);
    assert.ok(logger.enabled('trace'));
    assert.equal((await put('level=error')).status, 200);
    assert.ok(!logger.enabled('warn'));
    assert.equal((await put('level=info')).status, 200);
    for (const query of ['level=loud', 'module=late', 'level=info&module=nobody'])
      assert.equal((await put(query)).status, 400, query);
  });

  test('can be shared with the rest: no secret of the config, a source or the log is in it', async () => {
    createLogger('source', { stream: 'door' }).warn('source failed', {
      source: 'rtsp://user:pass-77@192.0.2.1/main',
    });
    await api.ask('/api/frame.jpeg?src=odd');
    const { status, text, headers } = await api.ask('/api/log/bundle');
    assert.equal(status, 200);
    assert.match(String(headers['content-type']), /^text\/plain/);
    for (const secret of ['abc', 'xy9', '1234\n', 'feedbeef', 'pass-77', 'tlJw8', 'bear-88'])
      assert.ok(
        !text.includes(secret),
        `${secret}: ${text.split('\n').find((line) => line.includes(secret))}`,
      );
    for (const part of [
      '=== server ===',
      'node: v',
      'rtsp://***@192.0.2.1/main',
      'Front door',
      'source failed',
    ])
      assert.ok(text.includes(part), part);
    const elsewhere = { 'x-forwarded-for': '192.0.2.7' };
    assert.equal((await api.ask('/api/log/bundle', { headers: elsewhere })).status, 401);
  });

  test('is not needed to know that the server lives', async () => {
    const elsewhere = { 'x-forwarded-for': '192.0.2.7', host: 'watchdog.example' };
    const { status, text } = await api.ask('/api/health', { headers: elsewhere });
    assert.deepEqual([status, text], [200, 'ok']);
  });
});
