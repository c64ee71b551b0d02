import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stringify } from 'yaml';
import { loadConfig } from './load.ts';
import { maskConfig } from './mask.ts';

const SECRETS = ['ab1', 'cd2', 'ef3', 'gh4', 'ij5', 'kl6', 'mn7', 'op8', 'qr9', 'st0', '4711'];
const TEXT = `
api: {username: admin, password: ab1, tls_key: cd2}
rtsp: {password: ef3}
env: {CAMERA: gh4}
webrtc: {ice_servers: [{urls: [turn:a], username: u, credential: ij5}]}
webtorrent: {shares: {gardenlink: {pwd: kl6, src: garden}}}
homekit: {garden: {pin: 4711, device_private: mn7, name: Garden}}
streams:
  garden: [rtsp://user:op8@192.0.2.1/main, "exec:curl -H 'Authorization: Bearer qr99' x"]
  door: {url: "http://192.0.2.2/?user=a&password=st0"}
publish: {garden: rtmp://user:op8@192.0.2.3/app}
`;

test('no secret is left, whatever its section, and what is none stays', () => {
  const { config } = loadConfig([{ kind: 'document', text: TEXT }], { environment: {} });
  const text = stringify(maskConfig(config));
  for (const secret of SECRETS) assert.ok(!text.includes(secret), `${secret} in ${text}`);
  for (const plain of ['admin', 'turn:a', '192.0.2.1/main', 'user=a', 'Garden', 'rtmp://***@192.0.2.3/app'])
    assert.ok(text.includes(plain), plain);
  assert.equal(config.api.password, 'ab1', 'the configuration itself stays');
});
