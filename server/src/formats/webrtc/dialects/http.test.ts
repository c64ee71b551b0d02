import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { StreamError } from '../../../core/errors.ts';
import { requestSignaling, resolveUrl } from './http.ts';

const context = { timeoutMs: 1000, signal: new AbortController().signal };

async function serve(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const post = (url: string, token?: string) =>
  requestSignaling(context, { method: 'POST', url, body: 'offer', token });

test('credentials of the address: Digest, Basic, and Basic for who only says no', async (t) => {
  const seen: (string | undefined)[] = [];
  const host = await serve(t, ({ url, headers: { authorization } }, response) => {
    seen.push(authorization?.split(' ')[0]);
    if (authorization) response.end('answer');
    else if (url === '/digest')
      response.writeHead(401, { 'www-authenticate': 'Digest realm="a", nonce="b"' }).end();
    else if (url === '/basic') response.writeHead(401, { 'www-authenticate': 'Basic realm="a"' }).end();
    else response.writeHead(401).end();
  });
  for (const path of ['digest', 'basic', 'silent'])
    assert.equal((await post(`http://user:word@${host}/${path}`)).body, 'answer');
  assert.equal((await post(`http://${host}/token`, 'secret')).body, 'answer');
  assert.deepEqual(seen, [undefined, 'Digest', undefined, 'Basic', undefined, 'Basic', 'Bearer']);
  await assert.rejects(post(`http://${host}/silent`), { code: 'unauthorized' });
});

test('redirects keep method and body; credentials stay at home', async (t) => {
  const other = await serve(t, ({ headers }, response) => {
    response.writeHead(headers.authorization ? 500 : 200).end('elsewhere');
  });
  const host = await serve(t, async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const { url, method } = request;
    if (url === '/1') response.writeHead(308, { location: '2?x=1' }).end();
    else if (url === '/away')
      response.writeHead(307, { location: `http://localhost:${other.split(':')[1]}/` }).end();
    else if (url === '/file') response.writeHead(302, { location: 'file:///etc/passwd' }).end();
    else if (url === '/round') response.writeHead(302, { location: '/round' }).end();
    else response.end(`${method} ${url} ${body}`);
  });
  const reply = await post(`http://user:word@${host}/1`);
  assert.equal(reply.body, 'POST /2?x=1 offer');
  assert.equal(resolveUrl(reply.url, 'session/1'), `http://user:word@${host}/session/1`);
  assert.equal((await post(`http://user:word@${host}/away`)).body, 'elsewhere');
  assert.equal((await post(`http://${host}/away`, 'secret')).body, 'elsewhere');
  await assert.rejects(post(`http://${host}/file`), { code: 'unsupported' });
  await assert.rejects(post(`http://${host}/round`), /too many redirects/);
  assert.equal(new URL(resolveUrl(`http://user:word@${host}/a`, 'http://example.com/b')).username, '');
});

test('what goes wrong says so, without the password', async (t) => {
  const host = await serve(t, ({ url }, response) => {
    const status = Number(url?.slice(1));
    if (status) response.writeHead(status).end('the\nreason');
    else if (url === '/large') response.end('x'.repeat(1 << 20));
  });
  for (const [path, code] of [
    ['404', 'not_found'],
    ['403', 'unauthorized'],
    ['503', 'unreachable'],
    ['406', 'protocol'],
    ['large', 'limit'],
    ['never', 'timeout'],
  ] as const)
    await assert.rejects(post(`http://user:word@${host}/${path}`), (error) => {
      assert.ok(error instanceof StreamError);
      assert.equal(error.code, code, path);
      assert.doesNotMatch(error.message, /word/);
      if (Number(path)) assert.match(error.message, /the reason/);
      return true;
    });
});
