/** ONVIF over HTTP: who may ask what, by which proof, and the ports of single streams. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, type TestContext, test } from 'node:test';
import { freePort } from '../../../test/helpers/ports.ts';
import { createClientAuth } from '../net/digest.ts';
import { deviceTarget } from './onvif-listeners.ts';
import { type Ask, startTestApi } from './testing.ts';

const CONFIG =
  'api: {username: admin, password: s3cret-word, local_auth: true}\nstreams: {cam: rtsp://cam, yard: rtsp://yard}\n';

const envelope = (operation: string, header = '', inner = ''): string =>
  `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header>${header}</s:Header><s:Body><${operation}>${inner}</${operation}></s:Body></s:Envelope>`;

const basic = `Basic ${Buffer.from('admin:s3cret-word').toString('base64')}`;

/** A UsernameToken, written without the server's code. */
function token(password = 's3cret-word', time = Date.now()): string {
  const nonce = Buffer.from(String(Math.random()));
  const created = new Date(time).toISOString();
  const digest = createHash('sha1')
    .update(nonce)
    .update(created + password)
    .digest('base64');
  return `<Security><UsernameToken><Username>admin</Username><Password Type="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest">${digest}</Password><Nonce>${nonce.toString('base64')}</Nonce><Created>${created}</Created></UsernameToken></Security>`;
}

async function start(t: TestContext, config = CONFIG) {
  const api = await startTestApi(config);
  t.after(api.close);
  const post = (
    body: string,
    { headers, ...more }: Ask & { path?: string } = {},
    path = '/onvif/device_service',
  ) =>
    api.ask(path, {
      method: 'POST',
      headers: { 'content-type': 'application/soap+xml', ...headers },
      body,
      ...more,
    });
  return { api, post };
}

describe('with a password', () => {
  test('what a client needs to begin is open', async (t) => {
    const { post } = await start(t);
    for (const operation of ['GetSystemDateAndTime', 'GetCapabilities', 'GetServices', 'GetHostname']) {
      assert.equal((await post(envelope(operation))).status, 200, operation);
    }
  });

  test('all else is challenged by HTTP, an empty request too', async (t) => {
    const { post } = await start(t);
    const CLOSED = [
      'GetProfiles',
      'GetDeviceInformation',
      'GetStreamUri',
      'GetScopes',
      'SystemReboot',
      'Nothing',
    ];
    for (const body of [...CLOSED.map((operation) => envelope(operation)), '', 'hello']) {
      const { status, headers, text } = await post(body);
      assert.equal(status, 401, body);
      assert.match(String(headers['www-authenticate']), /^Digest realm="porthole", nonce="[0-9a-f]+"/);
      assert.match(text, /ter:NotAuthorized/);
      assert.doesNotMatch(text, /cam|yard/);
    }
  });

  test('nobody learns names of streams by trying them', async (t) => {
    const { post } = await start(t);
    for (const operation of ['GetProfiles', 'GetServices', 'GetHostname']) {
      const [there, not] = await Promise.all(
        ['cam', 'car'].map((name) => post(envelope(operation), {}, `/onvif/${name}/device_service`)),
      );
      assert.equal(there?.status, not?.status);
      assert.equal(there?.text.replaceAll('cam', 'car'), not?.text);
    }
  });

  test('a token, Basic and Digest let in', async (t) => {
    const { post } = await start(t);
    assert.equal((await post(envelope('GetProfiles', token()))).status, 200);
    assert.equal((await post(envelope('GetProfiles'), { headers: { authorization: basic } })).status, 200);
    const auth = createClientAuth({ username: 'admin', password: 's3cret-word' });
    const challenge = (await post('')).headers['www-authenticate'];
    auth.challenge([challenge].flat() as string[]);
    const authorization = auth.authorize('POST', '/onvif/device_service');
    assert.match(authorization ?? '', /^Digest /);
    assert.equal((await post(envelope('GetProfiles'), { headers: { authorization } })).status, 200);
  });

  test('a wrong, an old and a repeated token are refused in SOAP', async (t) => {
    const { post } = await start(t);
    const used = token();
    assert.equal((await post(envelope('GetProfiles', used))).status, 200);
    for (const header of [used, token('other'), token('s3cret-word', Date.now() - 3_600_000)]) {
      const { status, text, headers } = await post(envelope('GetProfiles', header));
      assert.equal(status, 400);
      assert.match(text, /ter:NotAuthorized/);
      assert.equal(headers['www-authenticate'], undefined);
    }
    assert.equal(
      (await post(envelope('GetProfiles', token()), { headers: { authorization: 'Basic eDp5' } })).status,
      401,
    );
  });

  test('the token opens ONVIF alone', async (t) => {
    const { api } = await start(t);
    const body = envelope('GetProfiles', token());
    assert.equal((await api.ask('/api/streams', { method: 'POST', body })).status, 401);
    assert.equal((await api.ask('/api/frame.jpeg?src=cam')).status, 401);
  });
});

test('the rules for hosts and other web sites hold', async (t) => {
  const { post } = await start(t, 'streams: {cam: rtsp://cam}');
  assert.equal((await post(envelope('GetServices'))).status, 200);
  assert.equal((await post(envelope('GetServices'), { headers: { host: 'evil.example.com' } })).status, 403);
  assert.equal(
    (await post(envelope('GetServices'), { headers: { origin: 'http://evil.example.com' } })).status,
    403,
  );
});

test('addresses have the name by which the client came', async (t) => {
  const { post } = await start(t, 'api: {base_path: /base}\nstreams: {cam: rtsp://cam}');
  const headers = { host: 'nvr.local:81' };
  const ask = async (operation: string): Promise<string> =>
    (await post(envelope(operation, '', '<ProfileToken>cam</ProfileToken>'), { headers })).text;
  assert.match(await ask('GetStreamUri'), /<tt:Uri>rtsp:\/\/nvr\.local:8554\/cam</);
  assert.match(
    await ask('GetSnapshotUri'),
    /<tt:Uri>http:\/\/nvr\.local:81\/base\/api\/frame\.jpeg\?src=cam</,
  );
});

test('a name that is none is not repeated', async (t) => {
  const { api, post } = await start(t, 'api: {origin: "*"}\nstreams: {cam: rtsp://cam}');
  for (const host of ['cam:99999', '999.999.999.999', 'a"b', '4294967296']) {
    for (const operation of ['GetServices', 'GetNetworkInterfaces', 'GetNetworkProtocols']) {
      const { status, text } = await post(envelope(operation), { headers: { host } });
      assert.equal(status, 200, `${operation} at ${host}`);
      if (operation === 'GetServices') assert.ok(text.includes(`http://${api.host}/onvif/`), host);
    }
  }
});

test('a request that is too large is refused', async (t) => {
  const { post } = await start(t);
  assert.equal((await post(' '.repeat(300 << 10))).status, 413);
});

test('a stream has a port of its own', async (t) => {
  const listen = `127.0.0.1:${await freePort()}`;
  const { api } = await start(t, `${CONFIG}onvif: {devices: {yard: {listen: "${listen}"}}}`);
  const at = (target: string, ask: Ask = {}) =>
    api.ask(target, { headers: { authorization: basic }, ...ask }, listen);
  const profiles = await at('/onvif/device_service', {
    method: 'POST',
    body: envelope('GetProfiles'),
    headers: { authorization: basic },
  });
  assert.match(profiles.text, /token="yard"/);
  assert.doesNotMatch(profiles.text, /token="cam"/);
  const services = await at('/onvif/device_service', {
    method: 'POST',
    body: envelope('GetServices'),
    headers: {},
  });
  assert.match(services.text, new RegExp(`http://${listen}/onvif/yard/media_service`));
  assert.equal(
    (await at('/onvif/device_service', { method: 'POST', body: envelope('GetProfiles'), headers: {} }))
      .status,
    401,
  );
  assert.equal((await at('/api/streams')).status, 404);
  assert.equal((await at('/')).status, 404);
});

describe('deviceTarget', () => {
  const CASES: readonly [target: string, expected: string | undefined][] = [
    ['/onvif/device_service', '/onvif/front%20door/device_service'],
    ['/onvif/front%20door/media_service?x', '/onvif/front%20door/media_service'],
    ['/onvif/other/media_service', undefined],
    ['/onvif/../api/streams', undefined],
    ['/b/api/frame.jpeg?src=front%20door&w=1', '/b/api/frame.jpeg?src=front%20door&w=1'],
    ['/b/api/frame.jpeg?src=other', undefined],
    ['/b/api/frame.jpeg?src=front%20door&src=other', undefined],
    ['/b/api/frame.jpeg?src=front%20door?x&src=other', undefined],
    ['/b/api/stream.mp4?src=front%20door', undefined],
    ['', undefined],
  ];
  for (const [target, expected] of CASES) {
    test(target || 'nothing', () => assert.equal(deviceTarget(target, 'front door', '/b'), expected));
  }
});
