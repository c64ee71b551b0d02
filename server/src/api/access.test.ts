import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { admit, admitThroughIngress, tokenOf } from './access.ts';
import { HttpError } from './errors.ts';

interface Ask {
  readonly method?: string;
  readonly from?: string | undefined;
  readonly headers?: Record<string, string>;
  readonly rules?: Partial<Parameters<typeof admit>[1]>;
  /** The route asks for the password in a way of its own. */
  readonly asksItself?: boolean;
}

/** The status of a refusal, or the client. */
function ask({ method = 'GET', from = '192.0.2.9', headers = {}, rules = {}, asksItself }: Ask) {
  const request = {
    method,
    headers: { host: '192.0.2.1:1984', ...headers },
    socket: { remoteAddress: from, remotePort: 50000 },
  } as unknown as IncomingMessage;
  try {
    const none = { username: undefined, password: undefined, local_auth: false, origin: '' } as const;
    return admit(request, { ...none, ...rules }, { asksItself });
  } catch (error) {
    assert.ok(error instanceof HttpError, `${error}`);
    assert.notEqual(error.message, '');
    return error.status;
  }
}

const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` });
const password = { username: 'admin', password: 'secret' };

test('hosts that nobody outside can own pass, others do not', () => {
  const own = [
    '127.0.0.1',
    '127.0.0.1:1984',
    '[::1]:1984',
    'localhost',
    'localhost:80',
    'porthole',
    'PI.local:1984',
    'nas.fritz.lan',
    'ha.home.arpa.',
  ];
  for (const host of own) assert.equal(typeof ask({ headers: { host } }), 'object', host);
  const foreign = [
    'evil.example',
    'evil.example:1984',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    '',
    'a b',
    'evil.example#local',
  ];
  for (const host of foreign) {
    assert.equal(ask({ headers: { host } }), 403, host);
    assert.equal(ask({ headers: { host }, from: '127.0.0.1' }), 403, `${host} from this machine`);
  }
  assert.equal(
    typeof ask({ headers: { host: 'cams.example:443' }, rules: { allow_hosts: ['Cams.example'] } }),
    'object',
  );
  assert.equal(
    typeof ask({ headers: { host: 'cams.example', ...basic('admin:secret') }, rules: password }),
    'object',
  );
  assert.equal(ask({ headers: { host: 'cams.example', ...basic('admin:wrong') }, rules: password }), 403);
  assert.equal(typeof ask({ headers: { host: 'evil.example' }, rules: { origin: '*' } }), 'object');
});

test('the password, and who needs none', () => {
  assert.equal(ask({ rules: password }), 401);
  for (const wrong of ['admin:', 'admin:Secret', ':secret', 'admin', '', 'admin:secret ']) {
    assert.equal(ask({ rules: password, headers: basic(wrong) }), 401, wrong);
  }
  assert.equal(ask({ rules: password, headers: { authorization: 'Bearer x' } }), 401);
  assert.deepEqual(ask({ rules: password, headers: basic('admin:secret') }), {
    identity: 'user',
    local: false,
    lacksPassword: false,
    role: 'admin',
    trusted: true,
    remoteAddress: '192.0.2.9:50000',
    userAgent: undefined,
  });
  for (const from of ['127.0.0.1', '::1', '::ffff:127.0.0.1', '']) {
    const client = ask({ rules: password, from });
    assert.ok(typeof client === 'object' && client.trusted && client.identity === 'local', from);
    assert.equal(ask({ rules: { ...password, local_auth: true }, from }), 401, from);
  }
  assert.equal(ask({ rules: { password: 'x' } }), 401);
});

test('without a password, others are clients but not trusted', () => {
  assert.deepEqual(ask({ headers: { 'user-agent': 'curl' } }), {
    identity: '192.0.2.9',
    local: false,
    lacksPassword: false,
    role: 'admin',
    trusted: false,
    remoteAddress: '192.0.2.9:50000',
    userAgent: 'curl',
  });
});

test('where the route asks for the password itself, only that is left to it', () => {
  const client = (rules: Ask['rules'], more: Ask = {}) => ask({ rules, asksItself: true, ...more });
  const stranger = client(password);
  assert.ok(typeof stranger === 'object' && stranger.lacksPassword && !stranger.trusted);
  const local = client({ ...password, local_auth: true }, { from: '127.0.0.1' });
  assert.ok(typeof local === 'object' && local.lacksPassword && !local.trusted);
  for (const known of [client(password, { headers: basic('admin:secret') }), client({})]) {
    assert.ok(typeof known === 'object' && !known.lacksPassword);
  }
  assert.equal(client(password, { headers: { host: 'evil.example' } }), 403);
  assert.equal(client(password, { method: 'POST', headers: { origin: 'http://evil.example' } }), 403);
});

test('a proxy on this machine does not make its clients local', () => {
  const headers = { 'x-forwarded-for': '198.51.100.7' };
  assert.equal(ask({ from: '127.0.0.1', headers, rules: password }), 401);
  const client = ask({ from: '127.0.0.1', headers });
  assert.ok(typeof client === 'object' && !client.trusted);
  assert.equal(client.remoteAddress, '127.0.0.1:50000 forwarded 198.51.100.7');
});

test('other web sites read nothing new and change nothing', () => {
  const table: [Ask, boolean][] = [
    [{ method: 'GET', headers: { origin: 'http://evil.example' } }, true],
    [{ method: 'OPTIONS', headers: { origin: 'http://evil.example' } }, true],
    [{ method: 'POST', headers: {} }, true],
    [{ method: 'POST', headers: { origin: 'http://192.0.2.1:1984' } }, true],
    [{ method: 'POST', headers: { origin: 'http://192.0.2.1:8123' } }, false],
    [{ method: 'POST', headers: { origin: 'http://evil.example' } }, false],
    [{ method: 'DELETE', headers: { origin: 'null' } }, false],
    [{ method: 'PUT', headers: { 'sec-fetch-site': 'cross-site' } }, false],
    [{ method: 'PUT', headers: { 'sec-fetch-site': 'same-origin' } }, true],
    [{ method: 'PATCH', headers: { origin: 'https://cams.local', host: 'cams.local' } }, true],
    [{ method: 'POST', headers: { origin: 'https://ha.example', 'x-forwarded-host': 'ha.example' } }, true],
    [{ method: 'POST', headers: { origin: 'http://evil.example' }, rules: { origin: '*' } }, true],
    [{ headers: { upgrade: 'websocket' } }, true],
    [{ headers: { upgrade: 'WebSocket', origin: 'http://192.0.2.1:8123' } }, true],
    [{ headers: { upgrade: 'websocket', origin: 'https://192.0.2.1' } }, true],
    [{ headers: { upgrade: 'websocket', origin: 'http://evil.example' } }, false],
    [{ headers: { upgrade: 'websocket', origin: 'null' } }, false],
    [{ headers: { upgrade: 'websocket', origin: 'http://evil.example' }, rules: { origin: '*' } }, true],
  ];
  for (const [request, allowed] of table) {
    assert.equal(typeof ask(request) === 'object', allowed, JSON.stringify(request));
  }
});

test('a key is as good as the password, where there is one and where there is none', () => {
  const keys = [{ username: 'integration', password: 'key-1' }];
  for (const rules of [{ keys }, { ...password, keys }]) {
    const client = ask({ rules, headers: basic('integration:key-1') });
    assert.ok(typeof client === 'object' && client.trusted && client.role === 'admin');
  }
  assert.equal(typeof ask({ rules: { ...password, keys }, headers: basic('admin:secret') }), 'object');
  assert.equal(ask({ rules: { ...password, keys }, headers: basic('integration:key-2') }), 401);
  // Wrong credentials where none are needed are none.
  assert.ok(typeof ask({ rules: { keys }, headers: basic('integration:key-2') }) === 'object');
  assert.equal(ask({ rules: { keys }, headers: { host: 'evil.example', ...basic('integration:no') } }), 403);
});

test('where credentials are required, only this machine needs none', () => {
  const rules = { requireCredentials: true, keys: [{ username: 'integration', password: 'key-1' }] };
  assert.equal(ask({ rules }), 401);
  for (const nothing of [':', 'undefined:undefined', 'integration:'])
    assert.equal(ask({ rules, headers: basic(nothing) }), 401, nothing);
  assert.equal(typeof ask({ rules, headers: basic('integration:key-1') }), 'object');
  const local = ask({ rules, from: '127.0.0.1' });
  assert.ok(typeof local === 'object' && local.trusted);
  assert.equal(ask({ rules, from: '127.0.0.1', headers: { 'x-forwarded-for': '192.0.2.1' } }), 401);
});

function throughIngress(headers: Record<string, string>, more: { method?: string } = {}) {
  const request = {
    method: 'GET',
    headers: { host: 'ha.example', 'user-agent': 'Firefox', 'x-forwarded-for': '192.0.2.5', ...headers },
    socket: { remoteAddress: '172.30.32.2', remotePort: 50000 },
    ...more,
  } as unknown as IncomingMessage;
  try {
    return admitThroughIngress(request, { id: 'u1', name: 'Anna' }, 'admin');
  } catch (error) {
    assert.ok(error instanceof HttpError);
    return error.status;
  }
}

test('through ingress the host is that of Home Assistant, and other web sites are still refused', () => {
  const client = throughIngress({});
  assert.deepEqual(client, {
    identity: 'home assistant u1',
    local: false,
    role: 'admin',
    trusted: true,
    lacksPassword: false,
    remoteAddress: '172.30.32.2:50000 forwarded 192.0.2.5',
    userAgent: 'Anna, Firefox',
  });
  const table: [Record<string, string>, boolean][] = [
    [{ origin: 'https://ha.example' }, true],
    [{ origin: 'https://ha.example', host: '172.30.33.1:8099', 'x-forwarded-host': 'ha.example' }, true],
    [{ origin: 'https://ha.example', host: 'changed', 'sec-fetch-site': 'same-origin' }, true],
    [{ origin: 'https://evil.example' }, false],
    [{ origin: 'https://ha.example:3000' }, false],
    [{ origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }, false],
    [{ origin: 'https://other.ha.example', 'sec-fetch-site': 'same-site' }, false],
    [{ origin: 'null' }, false],
    [{ 'sec-fetch-site': 'cross-site' }, false],
  ];
  for (const [headers, allowed] of table) {
    const posted = throughIngress(headers, { method: 'POST' });
    assert.equal(typeof posted === 'object', allowed, JSON.stringify(headers));
    const socket = throughIngress({ upgrade: 'websocket', ...headers });
    if (headers.origin)
      assert.equal(typeof socket === 'object', allowed, `WebSocket ${JSON.stringify(headers)}`);
  }
});

test('a token stands in the query or in a header', () => {
  const request = (headers: Record<string, string>) => ({ headers }) as unknown as IncomingMessage;
  const none = new URLSearchParams();
  assert.equal(tokenOf(request({ authorization: 'Bearer abc-_1' }), none), 'abc-_1');
  assert.equal(tokenOf(request({ authorization: 'bearer  abc' }), none), 'abc');
  for (const authorization of ['Basic abc', 'Bearer', 'Bearer a b', ''])
    assert.equal(tokenOf(request({ authorization }), none), undefined, authorization);
  assert.equal(tokenOf(request({ authorization: 'Basic abc' }), new URLSearchParams('token=xyz')), 'xyz');
  assert.equal(tokenOf(request({}), new URLSearchParams('src=a&auth=xyz')), 'xyz');
  assert.equal(tokenOf(request({}), new URLSearchParams('src=a')), undefined);
});
