import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { StreamError } from '../../core/errors.ts';
import {
  createCertificate,
  type DtlsCertificate,
  type Fingerprint,
  matchesFingerprint,
} from './certificate.ts';
import { DtlsConnection } from './connection.ts';
import { CONTENT_TYPE, encodeRecord, parseRecords } from './record.ts';

const AES_CM = 1;
const AES_GCM = 7;
const LABEL = 'EXTRACTOR-dtls_srtp';

const left = createCertificate('left');
const right = createCertificate('right');
const print = ({ fingerprint }: DtlsCertificate): Fingerprint => ({
  algorithm: 'sha-256',
  value: fingerprint,
});

interface End {
  readonly connection: DtlsConnection;
  readonly connected: Promise<void>;
  readonly closed: Promise<StreamError | undefined>;
}

interface EndOptions {
  readonly role: 'client' | 'server';
  readonly certificate: DtlsCertificate;
  readonly expects: readonly Fingerprint[];
  readonly profiles?: readonly number[];
}

function end(
  { role, certificate, expects, profiles = [AES_CM, AES_GCM] }: EndOptions,
  send: (bytes: Buffer) => void,
): End {
  const connected = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<StreamError | undefined>();
  const connection = new DtlsConnection({
    role,
    certificate,
    fingerprints: expects,
    srtpProfiles: profiles,
    send,
    onConnected: () => connected.resolve(),
    onClosed: closed.resolve,
  });
  return { connection, connected: connected.promise, closed: closed.promise };
}

/** A client and a server joined by a wire that may lose, change, double or reorder datagrams. */
function join2(
  options: { client?: Partial<EndOptions>; server?: Partial<EndOptions> } = {},
  wire: (datagram: Buffer, toServer: boolean) => readonly Buffer[] = (datagram) => [datagram],
): { client: End; server: End } {
  const carry = (toServer: boolean) => (datagram: Buffer) => {
    for (const copy of wire(Buffer.from(datagram), toServer))
      setImmediate(() => (toServer ? ends.server : ends.client).connection.receive(copy));
  };
  const ends = {
    client: end(
      { role: 'client', certificate: left, expects: [print(right)], ...options.client },
      carry(true),
    ),
    server: end(
      { role: 'server', certificate: right, expects: [print(left)], ...options.server },
      carry(false),
    ),
  };
  ends.client.connection.start();
  ends.server.connection.start();
  return ends;
}

function close({ client, server }: { client: End; server: End }): void {
  client.connection.close();
  server.connection.close();
}

describe('our certificate', () => {
  test('is one that OpenSSL reads, signed by its own key', () => {
    const certificate = new X509Certificate(left.der);
    assert.equal(certificate.subject, 'CN=left');
    assert.ok(certificate.verify(certificate.publicKey));
    assert.ok(certificate.validToDate.getTime() > Date.now());
    assert.equal(certificate.fingerprint256, left.fingerprint);
  });

  test('fingerprints: any that fits, in any case; unknown hashes do not count', () => {
    const { fingerprint512 } = new X509Certificate(left.der);
    assert.ok(
      matchesFingerprint(left.der, [{ algorithm: 'SHA-256', value: left.fingerprint.toLowerCase() }]),
    );
    assert.ok(matchesFingerprint(left.der, [print(right), { algorithm: 'sha-512', value: fingerprint512 }]));
    assert.ok(!matchesFingerprint(left.der, [print(right)]));
    assert.ok(!matchesFingerprint(left.der, [{ algorithm: 'constructor', value: left.fingerprint }]));
    assert.ok(!matchesFingerprint(left.der, []));
  });
});

describe('a handshake', () => {
  test('gives both ends the same keys, and the profile that the server prefers', async () => {
    const ends = join2({ server: { profiles: [AES_GCM, AES_CM] } });
    await Promise.all([ends.client.connected, ends.server.connected]);
    const { client, server } = ends;
    assert.equal(client.connection.srtpProfile, AES_GCM);
    assert.equal(server.connection.srtpProfile, AES_GCM);
    const keys = client.connection.exportKeys(LABEL, 60);
    assert.equal(keys.length, 60);
    assert.deepEqual(keys, server.connection.exportKeys(LABEL, 60));
    client.connection.close();
    assert.equal(await server.closed, undefined);
    close(ends);
  });

  test('survives loss, doubles and disorder', async () => {
    let state = 42;
    const random = (): number => {
      state = (state * 1103515245 + 12345) & 0x7fffffff;
      return state / 0x7fffffff;
    };
    for (let round = 0; round < 2; round++) {
      let late: Buffer | undefined;
      const ends = join2({}, (datagram) => {
        if (random() < 0.25) return [];
        const copies = random() < 0.3 ? [datagram, datagram] : [datagram];
        const delivered = late ? [...copies, late] : copies;
        late = random() < 0.3 ? datagram : undefined;
        return late ? delivered.slice(1) : delivered;
      });
      await Promise.all([ends.client.connected, ends.server.connected]);
      assert.deepEqual(
        ends.client.connection.exportKeys(LABEL, 60),
        ends.server.connection.exportKeys(LABEL, 60),
      );
      close(ends);
    }
  });

  test('fails when the certificate is not the one announced, on either side', async () => {
    const expects = [print(createCertificate('somebody else'))];
    const wrongServer = join2({ client: { expects } });
    assert.equal((await wrongServer.client.closed)?.code, 'unauthorized');
    assert.equal((await wrongServer.server.closed)?.code, 'protocol', 'it is told');
    const wrongClient = join2({ server: { expects } });
    assert.equal((await wrongClient.server.closed)?.code, 'unauthorized');
    assert.equal((await wrongClient.client.closed)?.code, 'protocol');
  });

  test('fails when the peer shows a certificate whose key it does not have', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const stolen = { ...right, privateKey };
    const server = join2({ server: { certificate: stolen } });
    assert.match((await server.client.closed)?.message ?? '', /does not have the key/);
    const client = join2({ client: { certificate: { ...left, privateKey } } });
    assert.match((await client.server.closed)?.message ?? '', /does not have the key/);
    close(server);
    close(client);
  });

  test('fails when a message was changed on its way', async () => {
    // The list of SRTP profiles of ClientHello, which nothing but Finished protects.
    const offered = Buffer.from('000e0007000400010007', 'hex');
    const ends = join2({}, (datagram, toServer) => {
      const at = toServer ? datagram.indexOf(offered) : -1;
      if (at >= 0) datagram.writeUInt16BE(AES_GCM, at + 6);
      return [datagram];
    });
    const reason = await Promise.race([ends.client.closed, ends.server.closed]);
    assert.equal(reason?.code, 'protocol');
    close(ends);
  });

  test('fails without a common SRTP profile', async () => {
    const ends = join2({ client: { profiles: [AES_CM] }, server: { profiles: [AES_GCM] } });
    assert.match((await ends.server.closed)?.message ?? '', /SRTP profile/);
    assert.equal((await ends.client.closed)?.code, 'protocol');
  });

  test('ends when nobody answers', async (context) => {
    context.mock.timers.enable({ apis: ['setTimeout'] });
    let sent = 0;
    const client = end({ role: 'client', certificate: left, expects: [print(right)] }, () => sent++);
    client.connection.start();
    for (let passed = 0; passed < 20_000; passed += 250) context.mock.timers.tick(250);
    assert.equal((await client.closed)?.code, 'timeout');
    assert.ok(sent > 5 && sent < 20, `${sent} repetitions`);
  });
});

describe('a connection', () => {
  test('does not believe plain records, nor records of others', async () => {
    const ends = join2();
    await Promise.all([ends.client.connected, ends.server.connected]);
    let over = false;
    void ends.client.closed.then(() => {
      over = true;
    });
    const { connection } = ends.client;
    const alert = Buffer.from([2, 0]);
    connection.receive(encodeRecord(CONTENT_TYPE.alert, 0, 99, alert));
    connection.receive(encodeRecord(CONTENT_TYPE.alert, 1, 99, Buffer.concat([alert, Buffer.alloc(24)])));
    connection.receive(
      encodeRecord(CONTENT_TYPE.handshake, 0, 100, Buffer.from('010000000009000000000000', 'hex')),
    );
    connection.receive(encodeRecord(CONTENT_TYPE.handshake, 0, 101, Buffer.from('ff', 'hex')));
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.ok(!over);
    close(ends);
  });

  test('repeats its last flight when the peer did not hear it', async () => {
    let lost = 0;
    const ends = join2({}, (datagram, toServer) => {
      const isFinal = !toServer && parseRecords(datagram).some(({ epoch }) => epoch === 1);
      return isFinal && lost++ === 0 ? [] : [datagram];
    });
    await ends.server.connected;
    await ends.client.connected;
    assert.ok(lost >= 2);
    close(ends);
  });
});

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

describe('with OpenSSL', { skip: !hasOpenssl && 'openssl is not installed' }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'porthole-dtls-'));
  const children: ChildProcess[] = [];
  after(() => {
    for (const child of children) child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  });

  function identity(algorithm: 'ec' | 'rsa'): { files: string[]; fingerprint: Fingerprint } {
    const paths = { key: join(folder, `${algorithm}.key`), cert: join(folder, `${algorithm}.pem`) };
    const kind = algorithm === 'ec' ? ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'] : ['rsa:2048'];
    const args = ['req', '-x509', '-newkey', ...kind, '-nodes', '-subj', '/CN=test', '-days', '1'];
    const { status } = spawnSync('openssl', [...args, '-keyout', paths.key, '-out', paths.cert]);
    assert.equal(status, 0);
    const dump = spawnSync('openssl', ['x509', '-in', paths.cert, '-outform', 'der']).stdout;
    const value = new X509Certificate(dump).fingerprint256;
    return { files: ['-key', paths.key, '-cert', paths.cert], fingerprint: { algorithm: 'sha-256', value } };
  }

  const common = [
    '-dtls1_2',
    '-use_srtp',
    'SRTP_AES128_CM_SHA1_80',
    '-keymatexport',
    LABEL,
    '-keymatexportlen',
    '60',
  ];
  const exported = (output: string): string | undefined =>
    /Keying material: ([0-9A-F]{120})/.exec(output)?.[1];

  async function freePort(): Promise<number> {
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const { port } = socket.address();
    socket.close();
    return port;
  }

  for (const algorithm of ['ec', 'rsa'] as const) {
    test(`as client of s_server, ${algorithm} certificate, cookie and client certificate asked for`, async () => {
      const port = await freePort();
      const { files, fingerprint } = identity(algorithm);
      const args = [
        's_server',
        '-accept',
        `127.0.0.1:${port}`,
        '-listen',
        '-verify',
        '1',
        '-mtu',
        '500',
        ...files,
      ];
      const child = spawn('openssl', [...args, ...common]);
      children.push(child);
      let output = '';
      child.stdout.on('data', (bytes) => {
        output += bytes;
      });
      await once(child.stdout, 'data');
      const socket = createSocket('udp4');
      const client = end({ role: 'client', certificate: left, expects: [fingerprint] }, (datagram) =>
        socket.send(datagram, port, '127.0.0.1'),
      );
      socket.on('message', (bytes) => client.connection.receive(bytes));
      client.connection.start();
      await client.connected;
      assert.equal(client.connection.srtpProfile, AES_CM);
      for (let tries = 0; !exported(output) && tries < 100; tries++)
        await new Promise((r) => setTimeout(r, 20));
      assert.equal(client.connection.exportKeys(LABEL, 60).toString('hex').toUpperCase(), exported(output));
      client.connection.close();
      socket.close();
      child.kill('SIGKILL');
    });
  }

  test('as server of s_client', async () => {
    const { files, fingerprint } = identity('ec');
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    let remotePort = 0;
    const server = end({ role: 'server', certificate: right, expects: [fingerprint] }, (datagram) =>
      socket.send(datagram, remotePort, '127.0.0.1'),
    );
    socket.on('message', (bytes, { port }) => {
      remotePort = port;
      server.connection.receive(bytes);
    });
    const target = `127.0.0.1:${socket.address().port}`;
    const child = spawn('openssl', ['s_client', '-connect', target, '-mtu', '500', ...files, ...common]);
    children.push(child);
    let output = '';
    child.stdout.on('data', (bytes) => {
      output += bytes;
    });
    await server.connected;
    for (let tries = 0; !exported(output) && tries < 100; tries++)
      await new Promise((r) => setTimeout(r, 20));
    assert.equal(server.connection.exportKeys(LABEL, 60).toString('hex').toUpperCase(), exported(output));
    child.stdin.end('Q\n');
    assert.equal(await server.closed, undefined, 'close_notify is heard');
    socket.close();
  });

  test('its certificate is the one that OpenSSL sees', () => {
    const path = join(folder, 'ours.der');
    writeFileSync(path, left.der);
    const { stdout } = spawnSync('openssl', ['x509', '-inform', 'der', '-in', path, '-noout', '-text']);
    assert.match(stdout.toString(), /ecdsa-with-SHA256[\s\S]*prime256v1/);
  });
});
