import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import { createClientAuth, createServerAuth, parseAuthenticate } from './digest.ts';

const mufasa = { username: 'Mufasa', password: 'Circle of Life' };
const field = (authorization: string | undefined, name: string): string | undefined =>
  parseAuthenticate([authorization ?? ''])[0]?.params.get(name);

test('RFC 7616 §3.9.1: the answer to qop=auth in MD5 and SHA-256', () => {
  const nonce = '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v';
  for (const [algorithm, name] of [
    ['MD5', 'md5'],
    ['SHA-256', 'sha256'],
  ] as const) {
    const auth = createClientAuth(mufasa);
    const challenge = `Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=${algorithm}, nonce="${nonce}", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`;
    assert.equal(auth.challenge([challenge]), 'answerable');
    const answer = auth.authorize('GET', '/dir/index.html');
    const h = (...parts: string[]) => hash(name, parts.join(':'), 'hex');
    const ha1 = h('Mufasa', 'http-auth@example.org', 'Circle of Life');
    const expected = h(ha1, nonce, '00000001', field(answer, 'cnonce')!, 'auth', h('GET', '/dir/index.html'));
    assert.equal(field(answer, 'response'), expected);
    assert.equal(field(answer, 'opaque'), 'FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS');
    assert.equal(field(auth.authorize('GET', '/'), 'nc'), '00000002');
  }
});

test('RFC 2069: without qop, as most cameras ask', () => {
  // The example of RFC 2069 with the response corrected by its errata.
  const auth = createClientAuth({ username: 'Mufasa', password: 'CircleOfLife' });
  auth.challenge(['Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"']);
  const answer = auth.authorize('GET', '/dir/index.html');
  assert.equal(field(answer, 'response'), '1949323746fe6a43ef61f9606e7febea');
  assert.equal(field(answer, 'qop'), undefined);
  assert.equal(field(answer, 'cnonce'), undefined);
});

test('picks the strongest challenge it can answer', () => {
  const challenges = [
    'Basic realm="cam"',
    'Digest realm="cam", nonce="m", algorithm=MD5',
    'Digest realm="cam", nonce="s", algorithm="SHA-256"',
    'Digest realm="cam", nonce="x", algorithm=SHA-512-256',
    'Digest realm="cam", nonce="i", algorithm=SHA-256-sess, qop="auth-int"',
  ];
  const pick = (values: readonly string[]) => {
    const auth = createClientAuth(mufasa);
    return auth.challenge(values) === 'answerable' ? auth.authorize('OPTIONS', '*') : undefined;
  };
  assert.equal(field(pick(challenges), 'nonce'), 's');
  assert.equal(field(pick(challenges.slice(0, 2)), 'nonce'), 'm');
  assert.equal(field(pick(['Basic realm="a", Digest realm="b", nonce="two in one"']), 'nonce'), 'two in one');
  assert.equal(
    pick(challenges.slice(0, 1)),
    `Basic ${Buffer.from('Mufasa:Circle of Life').toString('base64')}`,
  );
  assert.equal(pick(challenges.slice(3)), undefined);
  assert.equal(pick(['Digest realm="no nonce"', 'Negotiate']), undefined);
});

test('tells an expired nonce from a first challenge, and answers the newest one', () => {
  const auth = createClientAuth(mufasa);
  assert.equal(auth.challenge(['Digest realm="r", nonce="1"']), 'answerable');
  assert.equal(auth.challenge(['Digest realm="r", nonce="2", stale=TRUE']), 'stale');
  assert.equal(field(auth.authorize('PLAY', '/'), 'nonce'), '2');
  assert.equal(auth.challenge(['Negotiate']), 'unsupported');
});

for (const schemes of [
  ['basic'],
  ['digest'],
  ['digest-sha-256'],
  ['digest-sha-256', 'digest', 'basic'],
] as const) {
  test(`client and server agree on ${schemes.join(', ')}`, () => {
    const credentials = { username: 'üser "x"', password: 'p:ä"\\ß' };
    const server = createServerAuth({ credentials, realm: 'Porthole', schemes });
    const client = createClientAuth(credentials);
    assert.equal(server.verify(client.authorize('PLAY', '/a'), 'PLAY', '/a'), 'missing');
    assert.equal(client.challenge(server.challenges()), 'answerable');
    const answer = client.authorize('PLAY', 'rtsp://h/a');
    assert.equal(server.verify(answer, 'PLAY', 'rtsp://h/a'), 'ok');
    for (const wrong of [
      { ...credentials, password: 'x' },
      { ...credentials, username: 'x' },
    ]) {
      const intruder = createClientAuth(wrong);
      intruder.challenge(server.challenges());
      assert.equal(server.verify(intruder.authorize('PLAY', '/a'), 'PLAY', '/a'), 'wrong');
    }
  });
}

test('each of several users is let in with their own password', () => {
  const users = [mufasa, { username: 'Simba', password: 'other' }];
  const server = createServerAuth({ credentials: users, realm: 'r', schemes: ['digest', 'basic'] });
  const verdict = (credentials: typeof mufasa, scheme: string) => {
    const client = createClientAuth(credentials);
    client.challenge(server.challenges().filter((text) => text.startsWith(scheme)));
    return server.verify(client.authorize('PLAY', '/a'), 'PLAY', '/a');
  };
  for (const scheme of ['Digest', 'Basic']) {
    for (const user of users) assert.equal(verdict(user, scheme), 'ok');
    assert.equal(verdict({ ...mufasa, password: 'other' }, scheme), 'wrong');
  }
});

test('a digest is good for its method and resource only, and for its time', () => {
  let now = 1e12;
  const server = createServerAuth({ credentials: mufasa, realm: 'r', nonceLifeMs: 1000, now: () => now });
  const client = createClientAuth(mufasa);
  client.challenge(server.challenges());
  const answer = client.authorize('SETUP', 'rtsp://host/cam?video');
  assert.equal(server.verify(answer, 'SETUP', 'rtsp://other:8554/cam/trackID=1'), 'ok');
  assert.equal(server.verify(answer, 'SETUP', 'rtsp://host/cam2'), 'wrong');
  assert.equal(server.verify(answer, 'PLAY', 'rtsp://host/cam'), 'wrong');
  now += 1001;
  assert.equal(server.verify(answer, 'SETUP', 'rtsp://host/cam'), 'stale');
  assert.equal(client.challenge(server.challenges(true)), 'stale');
  assert.equal(server.verify(client.authorize('SETUP', '/cam'), 'SETUP', '/cam'), 'ok');

  const forged = createClientAuth(mufasa);
  forged.challenge([`Digest realm="r", nonce="${'0'.repeat(44)}"`]);
  assert.equal(server.verify(forged.authorize('SETUP', '/cam'), 'SETUP', '/cam'), 'stale');
});

test('schemes that are not offered are not accepted, and nonsense is wrong', () => {
  const server = createServerAuth({ credentials: mufasa, realm: 'r', schemes: ['digest'] });
  const basic = `Basic ${Buffer.from('Mufasa:Circle of Life').toString('base64')}`;
  for (const value of [
    basic,
    'Digest',
    'Basic',
    'Digest username="Mufasa"',
    'x',
    '"',
    'Digest a='.repeat(500),
  ])
    assert.equal(server.verify(value, 'GET', '/'), 'wrong', value);
});
