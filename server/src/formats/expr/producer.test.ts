/** Programs as users of go2rtc write them, against a small web service. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { createPeer, type Producer } from '../../core/model.ts';
import { Streams } from '../../core/streams.ts';
import { createLogger } from '../../util/log.ts';
import type { Services } from '../format.ts';
import { openSource } from '../open.ts';

const PRODUCER: Producer = {
  peer: createPeer({ format: 'test', protocol: 'test' }),
  tracks: [],
  run: async () => {},
};
const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

let server: Server;
let base = '';

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

before(async () => {
  server = createServer(async (request, response) => {
    const { pathname, search } = new URL(request.url ?? '', 'http://x');
    const body = await bodyOf(request);
    const { cookie = '', authorization = '', 'content-type': type = '', 'x-own': own = '' } = request.headers;
    if (pathname === '/login') {
      response
        .writeHead(302, { 'Set-Cookie': ['session=abc; Path=/', 'gone=1; Max-Age=0'], Location: '/home' })
        .end();
    } else if (pathname === '/home') response.end(JSON.stringify({ cookie, method: request.method }));
    else if (pathname === '/echo') {
      response.end(JSON.stringify({ method: request.method, search, type, own, body }));
    } else if (pathname === '/basic') {
      const right = authorization === `Basic ${Buffer.from('me:s@c').toString('base64')}`;
      response.writeHead(right ? 200 : 401, { 'WWW-Authenticate': 'Basic realm="x"' }).end('basic');
    } else if (pathname === '/digest') {
      const answer = /response="(\w+)"/.exec(authorization)?.[1];
      const right = answer === md5(`${md5('me:x:s@c')}:n1:${md5('GET:/digest?a=1')}`);
      response
        .writeHead(right ? 200 : 401, { 'WWW-Authenticate': 'Digest realm="x", nonce="n1"' })
        .end('digest');
    } else if (pathname === '/endless') {
      const chunk = Buffer.alloc(1 << 20);
      for (let count = 0; count < 8; count++) response.write(chunk);
      response.end();
    } else if (pathname === '/loop') response.writeHead(302, { Location: '/loop' }).end();
    else if (pathname !== '/silent') response.writeHead(404).end('nothing');
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  base = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => {
  server.closeAllConnections();
  server.close();
});

/** What a program opens. */
async function resultOf(program: string, signal = new AbortController().signal): Promise<string> {
  let result = '';
  const services = {
    streams: new Streams(() => Promise.reject(new Error('unused'))),
    section: () => ({}),
    open: async (text: string, context) => {
      result = text;
      return text.startsWith('exec') ? openSource(text, context, false) : PRODUCER;
    },
  } as Partial<Services> as Services;
  const text = `expr:\n${program.replaceAll('BASE', base)}`;
  await openSource(text, { stream: 'camera', signal, log: createLogger('expr'), services }, true);
  return result;
}

test('the last value is the source; the # of options and of predicates is part of the program', async () => {
  assert.equal(
    await resultOf(
      `let h = 'cam'; var x = map([1, 2], # + 1); 'rtsp://' + h + '/' + string(x[1]) + '#media=video'`,
    ),
    'rtsp://cam/3#media=video',
  );
});

test('fetch: cookies last for the program, and a form that is answered by a redirect is fetched', async () => {
  const program = `let r1 = fetch('http://BASE/login', {method: 'POST', data: {user: 'a b'}});
    let r2 = fetch('http://BASE/home').json();
    r1.json().cookie + ' ' + r1.json().method + ' ' + r2.cookie`;
  assert.equal(await resultOf(program), 'session=abc GET session=abc');
});

test('fetch: methods, parameters, headers and bodies', async () => {
  const echo = async (options: string): Promise<Record<string, string>> =>
    JSON.parse(await resultOf(`fetch('http://BASE/echo', ${options}).text`));
  assert.deepEqual(await echo(`{method: 'POST', json: {b: [1, nil], a: 'x'}, headers: {'X-Own': 1}}`), {
    ...{ method: 'POST', search: '', type: 'application/json', own: '1', body: '{"a":"x","b":[1,null]}' },
  });
  assert.deepEqual(await echo(`{method: 'PUT', data: {a: 'x y', n: 2}}`), {
    ...{ method: 'PUT', search: '', type: 'application/x-www-form-urlencoded', own: '', body: 'a=x+y&n=2' },
  });
  const text = await echo(
    `{method: 'post', body: 'raw', params: {q: 'ä b'}, headers: {'content-type': 'text/x'}}`,
  );
  assert.deepEqual(text, { method: 'POST', search: '?q=%C3%A4+b', type: 'text/x', own: '', body: 'raw' });
});

test('fetch: status, and answers that are no JSON', async () => {
  assert.equal(
    await resultOf(
      `let r = fetch('http://BASE/none'); 'x:' + string(r.ok) + r.status + r.text + string(r.json())`,
    ),
    'x:false404 Not Foundnothing<nil>',
  );
});

test('fetch: Basic and Digest by the address', async () => {
  assert.equal(await resultOf(`fetch('http://me:s%40c@BASE/basic').text`), 'basic');
  assert.equal(await resultOf(`fetch('http://me:s%40c@BASE/digest?a=1').text`), 'digest');
  assert.equal(await resultOf(`'x' + fetch('http://me:wrong@BASE/basic').status`), 'x401 Unauthorized');
});

test('fetch: what cannot go on is an error without the password', async () => {
  for (const [program, reason] of [
    [`fetch('http://BASE/endless').text`, /longer than/],
    [`fetch('http://BASE/loop').text`, /too many redirects/],
    [`fetch('http://me:hunter2@127.0.0.1:1/').text`, /127\.0\.0\.1/],
    [`fetch('file:///etc/passwd').text`, /fetch|address/],
    [`let a = map(1..50, fetch('http://BASE/home').text); a[0]`, /too many requests/],
    [`let password = 'hunter2'; [][0]`, /index out of range/],
    [`let password = 'hunter2'; 7`, /is int, not string/],
    [`let password = 'hunter2'; 'exec:cat'`, /expr: exec: sources are accepted from the config file only/],
  ] as const) {
    await assert.rejects(
      resultOf(program),
      (error: Error) => reason.test(error.message) && !error.message.includes('hunter2'),
      program,
    );
  }
});

test('fetch ends when nobody waits any more', async () => {
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 50);
  await assert.rejects(resultOf(`fetch('http://BASE/silent').text`, stop.signal), { code: 'aborted' });
});
