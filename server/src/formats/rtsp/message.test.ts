import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatRequest, formatResponse, header, parseMessage, type RtspMessage } from './message.ts';
import { formatTransport, parseTransports, type Transport } from './transport-header.ts';

function parse(text: string): RtspMessage {
  const bytes = Buffer.from(text);
  const { message, end } = parseMessage(bytes, 0, bytes.length);
  assert.ok(message, 'message is not whole');
  assert.equal(end, bytes.length);
  return message;
}

test('reads a request', () => {
  const message = parse('DESCRIBE rtsp://camera/a RTSP/1.0\r\nCSeq: 2\r\nAccept: application/sdp\r\n\r\n');
  assert.deepEqual(message, {
    kind: 'request',
    method: 'DESCRIBE',
    url: 'rtsp://camera/a',
    headers: new Map([
      ['cseq', ['2']],
      ['accept', ['application/sdp']],
    ]),
    body: Buffer.alloc(0),
  });
});

test('reads what cameras send', () => {
  const odd = parse(
    'RTSP/1.0 401\ncseq:3\nWWW-AUTHENTICATE: Digest realm="a"\nnonsense\nwww-authenticate:Basic realm="a"\nX-Long: one\n two\n\n',
  );
  assert.equal(odd.kind === 'response' && odd.status, 401);
  assert.deepEqual(odd.headers.get('www-authenticate'), ['Digest realm="a"', 'Basic realm="a"']);
  assert.equal(header(odd, 'x-long'), 'one two');
  assert.equal(header(odd, 'session'), undefined);

  const mixed = parse('\r\n\nRTSP/1.0 200 OK\r\nContent-length: 3\n\r\nabc');
  assert.equal(mixed.body.toString(), 'abc');
  const spaces = parse('PLAY rtsp://host/front door  RTSP/1.0\r\n\r\n');
  assert.equal(spaces.kind === 'request' && spaces.url, 'rtsp://host/front door');
});

test('waits for the rest of header and body', () => {
  const bytes = Buffer.from('RTSP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nabcd');
  for (let end = 0; end < bytes.length; end++) {
    const parsed = parseMessage(bytes, 0, end);
    assert.equal(parsed.message, undefined);
    assert.ok(parsed.end > end && parsed.end <= bytes.length);
  }
});

test('the body is a copy', () => {
  const bytes = formatResponse(200, {}, Buffer.from('sdp'));
  const { message } = parseMessage(bytes, 0, bytes.length);
  bytes.fill(0);
  assert.equal(message?.body.toString(), 'sdp');
});

const refused: [string, RegExp][] = [
  ['HTTP/1.1 400 Bad Request\r\n', /not RTSP: "HTTP\/1.1 400 Bad Request"/],
  ['RTSP/1.0 abc\r\n\r\n', /not RTSP/],
  ['OPTIONS RTSP/1.0\r\n\r\n', /not RTSP/],
  ['RTSP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n', /Content-Length is not a number/],
  ['RTSP/1.0 200 OK\r\nContent-Length: 99999999\r\n\r\n', /too long/],
  [`RTSP/1.0 200 OK\r\nA: ${'b'.repeat(20_000)}`, /longer than/],
];
for (const [text, message] of refused) {
  test(`refuses ${JSON.stringify(text.slice(0, 50))}`, () => {
    assert.throws(() => parse(text), message);
  });
}

test('writes what it reads, and nothing can be smuggled into a header', () => {
  const bytes = formatRequest(
    'SETUP',
    'rtsp://host/a b\r\nX: 1',
    { CSeq: 4, Session: undefined, Transport: 'a\r\nEvil: 1' },
    Buffer.from('xyz'),
  );
  assert.equal(
    bytes.toString(),
    'SETUP rtsp://host/a%20b%20X:%201 RTSP/1.0\r\nCSeq: 4\r\nTransport: a Evil: 1\r\nContent-Length: 3\r\n\r\nxyz',
  );
  assert.equal(
    formatResponse(454, { CSeq: 1, Public: ['OPTIONS', 'PLAY'] }).toString(),
    'RTSP/1.0 454 Session Not Found\r\nCSeq: 1\r\nPublic: OPTIONS\r\nPublic: PLAY\r\n\r\n',
  );
});

const transports: [string, Partial<Transport>][] = [
  [
    'RTP/AVP/TCP;unicast;interleaved=10-11;ssrc=10117CB7',
    { lower: 'tcp', interleaved: [10, 11], ssrc: 0x10117cb7 },
  ],
  [
    'RTP/AVP/TCP;unicast;destination=1.1.1.1;source=1.1.1.2;interleaved=0',
    { interleaved: [0, 1], source: '1.1.1.2' },
  ],
  ['RTP/AVP;unicast;interleaved=0-1', { lower: 'tcp' }],
  ['interleaved=2-3', { lower: 'tcp', profile: 'RTP/AVP' }],
  [
    'RTP/AVP/UDP;unicast;client_port=49292-49293;server_port=43670-43671;ssrc=7CB694B4',
    { lower: 'udp', clientPort: [49292, 49293], serverPort: [43670, 43671] },
  ],
  ['RTP/AVP;multicast;mode="PLAY"', { lower: 'udp', multicast: true, mode: 'play' }],
  [
    'rtp/savp/tcp;mode=record;ssrc=zz;server_port=99999',
    { profile: 'RTP/SAVP', mode: 'record', serverPort: undefined, ssrc: undefined },
  ],
];
for (const [text, expected] of transports) {
  test(`reads Transport: ${text}`, () => {
    const [transport] = parseTransports(text);
    assert.deepEqual({ ...transport, ...expected }, transport);
  });
}

test('reads alternatives and writes one', () => {
  const [udp, tcp, none] = parseTransports(
    'RAW/RAW/UDP;unicast,RTP/AVP;unicast;client_port=4-5,RTP/AVP/TCP;interleaved=0-1',
  );
  assert.equal(udp && formatTransport(udp), 'RTP/AVP;unicast;client_port=4-5');
  assert.equal(
    tcp && formatTransport({ ...tcp, ssrc: 0xab }),
    'RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=000000AB',
  );
  assert.equal(none, undefined);
});
