import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { parseRtmpAddress } from './address.ts';
import { connectRtmp } from './client.ts';
import { type Command, RtmpConnection } from './connection.ts';

/** A server that answers the commands of a player, but for those that `ignores` picks. */
async function startServer(ignores: (command: Command) => boolean) {
  const commands: Command[] = [];
  const server = createServer((socket) => {
    const connection = new RtmpConnection('server', {
      write: (bytes) => void socket.write(bytes),
      onReady() {},
      onMedia() {},
      onCommand(command) {
        commands.push(command);
        const { name, transaction } = command;
        if (ignores(command)) return;
        if (name === 'connect')
          connection.command(0, '_result', transaction, {}, { code: 'NetConnection.Connect.Success' });
        if (name === 'createStream') connection.command(0, '_result', transaction, null, 1);
        if (name === 'play') connection.command(1, 'onStatus', 0, null, { code: 'NetStream.Play.Start' });
      },
    });
    socket.on('data', (bytes: Buffer) => connection.push(bytes)).on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { url: `rtmp://127.0.0.1:${port}/app/cam`, commands, server };
}

const play = (url: string, timeoutMs: number) =>
  connectRtmp(parseRtmpAddress(url), {
    mode: 'play',
    timeoutMs,
    signal: new AbortController().signal,
    onMedia() {},
    onBytes() {},
    onEnd() {},
  });

const namesCodecs = ({ name, values }: Command): boolean =>
  name === 'connect' && Object.hasOwn(values[0] as object, 'fourCcList');

test('a server that cannot read our list of codecs is asked again without it', async () => {
  const { url, commands, server } = await startServer(namesCodecs);
  const client = await play(url, 8000);
  client.close();
  server.close();
  const connects = commands.filter(({ name }) => name === 'connect');
  assert.deepEqual(connects.map(namesCodecs), [true, false]);
});

test('a server that can read it is asked once', async () => {
  const { url, commands, server } = await startServer(() => false);
  const client = await play(url, 8000);
  client.close();
  server.close();
  assert.equal(commands.filter(({ name }) => name === 'connect').length, 1);
});

test('a server that never answers is given up in the time allowed', async () => {
  const { url, server } = await startServer(() => true);
  await assert.rejects(play(url, 3000), { code: 'timeout', message: 'no answer within 3 s' });
  server.close();
});
