import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { loadConfig } from '../config/load.ts';
import { configOfOptions, parseOptions } from './options.ts';

/** The configuration that these options, and then this file, give. */
function configWith(options: object, file = ''): ReturnType<typeof loadConfig>['config'] {
  const document = JSON.stringify(configOfOptions(parseOptions(JSON.stringify(options)).options));
  const { config, problems } = loadConfig([{ kind: 'document', text: document }], {});
  assert.deepEqual(problems, []);
  if (file === '') return config;
  return loadConfig([
    { kind: 'document', text: document },
    { kind: 'document', text: file },
  ]).config;
}

describe('options of the add-on', () => {
  test('none at all: this machine only, MQTT by itself', () => {
    const { api, rtsp, webrtc, mqtt, log } = configWith({});
    assert.deepEqual([api.listen, rtsp.listen, webrtc.listen], ['127.0.0.1:1984', '127.0.0.1:8554', ':8555']);
    assert.deepEqual(
      [api.username, api.password, mqtt.mode, log.level],
      [undefined, undefined, 'auto', 'info'],
    );
  });

  test('with credentials the API is open to the network; RTSP where it is asked for', () => {
    const credentials = { username: 'anna', password: 'long-enough' };
    const closed = configWith(credentials);
    assert.deepEqual([closed.api.listen, closed.rtsp.listen], [':1984', '127.0.0.1:8554']);
    const { api, rtsp } = configWith({ ...credentials, rtsp_on_lan: true });
    assert.deepEqual([api.username, api.password], ['anna', 'long-enough']);
    assert.deepEqual([rtsp.listen, rtsp.username, rtsp.password], [':8554', 'anna', 'long-enough']);
  });

  test('without credentials nothing is open, unless the user says so', () => {
    assert.equal(configWith({ rtsp_on_lan: true }).rtsp.listen, '127.0.0.1:8554');
    assert.match(parseOptions('{"rtsp_on_lan": true}').problems[0]!.message, /username and password/);
    const { api, rtsp } = configWith({ open_to_lan: true });
    assert.deepEqual([api.listen, rtsp.listen], [':1984', '127.0.0.1:8554']);
    assert.equal(configWith({ open_to_lan: true, rtsp_on_lan: true }).rtsp.listen, ':8554');
  });

  test('half of the credentials is none, and told', () => {
    for (const half of [{ username: 'anna' }, { password: 'x' }, { username: 'anna', password: '' }]) {
      const { problems } = parseOptions(JSON.stringify(half));
      assert.match(problems[0]?.message ?? '', /work together only/);
      const { api } = configWith(half);
      assert.deepEqual([api.listen, api.username, api.password], ['127.0.0.1:1984', undefined, undefined]);
    }
  });

  test('the config file has the last word', () => {
    const { api, log } = configWith({ log_level: 'debug' }, 'api: {listen: ":2000"}\nlog: {rtsp: trace}');
    assert.equal(api.listen, ':2000');
    assert.deepEqual([log.level, (log as Record<string, string>).rtsp], ['debug', 'trace']);
  });

  test('a mistake costs the one option it is in', () => {
    const { options, problems } = parseOptions(
      '{\n"webrtc_port": 70000,\n"mqtt": "maybe",\n"log_level": "debug", "open_to_lan": [1]}',
    );
    assert.deepEqual(
      problems.map(({ path, line, source }) => [source, line, path]),
      [
        ['options of the add-on', 2, 'webrtc_port'],
        ['options of the add-on', 3, 'mqtt'],
        ['options of the add-on', 4, 'open_to_lan'],
      ],
    );
    assert.deepEqual([options.webrtc_port, options.mqtt, options.log_level], [8555, 'auto', 'debug']);
    assert.equal(options.open_to_lan, false);
  });

  for (const text of [
    '',
    'null',
    '[1, 2]',
    '"text"',
    '{"username": ',
    '\0\0',
    '{"__proto__": {"open_to_lan": true}}',
  ]) {
    test(`${JSON.stringify(text)} opens nothing`, () => {
      const { options } = parseOptions(text);
      assert.equal(options.open_to_lan, false);
      assert.equal(configWith(options).api.listen, '127.0.0.1:1984');
    });
  }
});
