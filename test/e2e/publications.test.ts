/** `publish` of the config, from one Porthole to another. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { decode } from '../helpers/ffmpeg.ts';
import { assertGood, end, pushFlv } from '../helpers/live-push.ts';
import { freePort } from '../helpers/ports.ts';
import { startServer } from '../helpers/server.ts';
import { until } from '../helpers/wait.ts';

test('begins by itself, goes on when the camera comes back, ends when it is taken out', async () => {
  const [from, to] = [await freePort(), await freePort()];
  await using receiver = await startServer({ streams: { copy: null }, rtmp: { listen: `127.0.0.1:${to}` } });
  await using sender = await startServer({
    streams: { upload: null },
    rtmp: { listen: `127.0.0.1:${from}` },
    publish: { upload: `rtmp://127.0.0.1:${to}/copy` },
  });
  const camera = pushFlv(`rtmp://127.0.0.1:${from}/upload`);
  const arrives = () =>
    until('the push', async () => (await receiver.stream('copy')).producers.length === 1, 15_000);
  try {
    await arrives();
    assertGood(await decode(`rtmp://127.0.0.1:${to}/copy`, 1), 1);
    await end(camera);
    const again = pushFlv(`rtmp://127.0.0.1:${from}/upload`);
    await until('the camera', async () => (await sender.stream('upload')).producers.length === 1);
    // What is shown at once to those who come is of the new camera by then.
    await sleep(1500);
    assertGood(await decode(`rtmp://127.0.0.1:${to}/copy`, 1), 1);
    const config = JSON.stringify({ streams: { upload: null }, rtmp: { listen: `127.0.0.1:${from}` } });
    assert.equal((await sender.fetch('/api/config', { method: 'POST', body: config })).status, 200);
    await until('the push to end', async () => (await receiver.stream('copy')).producers.length === 0);
    await end(again);
  } finally {
    await end(camera);
  }
});
