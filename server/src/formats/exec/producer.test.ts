import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../../../test/helpers/wait.ts';
import { parseAdtsHeader } from '../../codecs/aac.ts';
import { audioCodec } from '../../codecs/codec.ts';
import type { Packet, Producer } from '../../core/model.ts';
import { Streams } from '../../core/streams.ts';
import { configureLog, createLogger } from '../../util/log.ts';
import type { OpenContext, Services } from '../format.ts';
import { openSource } from '../open.ts';

configureLog({ write: undefined });

const services: Services = {
  streams: new Streams(() => Promise.reject(new Error('unused'))),
  access: {},
  section: (name) =>
    name === 'exec' ? { allow_paths: ['ffmpeg', 'sh', 'cat', 'missing-program', 'sleep'] } : {},
  open: (text, context) => openSource(text, context, false),
  rtspBase: async () => 'rtsp://127.0.0.1:1',
  webrtc: () => undefined,
  expectPublisher: (_path, signal) =>
    new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
};
const contextFor = (signal: AbortSignal): OpenContext => ({
  stream: 'test',
  signal,
  log: createLogger('exec'),
  services,
});
const open = (text: string, signal = new AbortController().signal, trusted = true): Promise<Producer> =>
  openSource(text, contextFor(signal), trusted);

const FFMPEG =
  'exec:ffmpeg -v error -re -f lavfi -i testsrc2=size=320x240:rate=25 -c:v libx264 -tune zerolatency -f h264 -';

test('a program that writes to its standard output is a camera, and is gone when nobody watches', async () => {
  const producer = await open(FFMPEG);
  assert.equal(producer.peer.protocol, 'pipe');
  assert.equal(producer.tracks[0]?.codec.name, 'h264');
  const stop = new AbortController();
  const packets: Packet[] = [];
  await producer.run((packet) => {
    packets.push(packet);
    if (packets.length === 10) stop.abort();
  }, stop.signal);
  assert.ok(packets.length >= 10);
  assert.equal(packets[0]?.key, true);
});

/** Words of a process, from Linux's procfs; '' when it is gone. */
function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${Number(pid)}/cmdline`, 'utf8')
      .split('\0')
      .join(' ')
      .trim();
  } catch {
    return '';
  }
}

test('children of the program are reaped with it', async () => {
  const controller = new AbortController();
  const opening = open(`exec:sh -c 'sleep 61.375 & sleep 61.375'`, controller.signal);
  const children = (): string[] => readdirSync('/proc').filter((pid) => commandLine(pid) === 'sleep 61.375');
  await sleep(200);
  assert.equal(children().length, 2);
  controller.abort();
  await assert.rejects(opening);
  await sleep(50);
  assert.deepEqual(children(), []);
});

test('the last words of a program that fails are in the error', async () => {
  await assert.rejects(open(`exec:sh -c 'echo no such camera >&2; exit 3'`), /exit code 3: no such camera/);
  await assert.rejects(open(`exec:sh -c 'echo bad config >&2; exit 1' {output}`), /bad config/);
});

test('a missing program, one that is not allowed, and one that comes through the API are refused by name', async () => {
  await assert.rejects(open('exec:missing-program -x'), /program not found: missing-program/);
  await assert.rejects(open('exec:rm -rf /'), /rm is not in exec\.allow_paths/);
  await assert.rejects(open(FFMPEG, undefined, false), /config file only/);
});

test('a program that never publishes is given up, and ended', async () => {
  await assert.rejects(
    open(`exec:sh -c 'sleep 30' {output}#starttimeout=0.2`),
    /did not publish its stream in time/,
  );
});

test('a loudspeaker program reads what is said', async () => {
  const producer = await open(`exec:cat#backchannel=1#audio=alaw/8000`);
  assert.deepEqual(producer.tracks, []);
  const codec = producer.backchannel?.codecs[0];
  assert.deepEqual(codec, audioCodec('pcm_alaw', 8000));
  const talk = await producer.backchannel?.open(
    codec as ReturnType<typeof audioCodec>,
    new AbortController().signal,
  );
  const track = { id: 0, codec: codec as ReturnType<typeof audioCodec> };
  talk?.write({ track, data: Buffer.alloc(160), pts: 0, dts: 0, duration: 160, key: true, time: 0 });
  talk?.close();
  assert.equal(producer.peer.bytesSent, 160);
  await assert.rejects(open('exec:cat#backchannel=1#audio=nonsense/1'), /#audio=nonsense\/1/);
});

test('a loudspeaker program takes several codecs; AAC reaches it with ADTS headers', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'porthole-exec-'));
  try {
    const program = `sh -c 'cat > ${folder}/heard'`;
    const producer = await open(`exec:${program}#backchannel=1#audio=aac/16000#audio=pcmu#audio=pcm/16000/2`);
    const codecs = producer.backchannel!.codecs;
    assert.deepEqual(
      codecs.map(({ name, sampleRate, channels }) => `${name}/${sampleRate}/${channels}`),
      ['aac/16000/1', 'pcm_mulaw/8000/1', 'pcm_s16be/16000/2'],
    );
    const codec = codecs[0]!;
    const talk = await producer.backchannel!.open(codec, new AbortController().signal);
    const packet = { track: { id: 0, codec }, dts: 0, duration: 1024, key: true, time: 0 };
    talk.write({ ...packet, data: Buffer.from('one'), pts: 0 });
    talk.write({ ...packet, data: Buffer.from('three'), pts: 1024 });
    talk.close();
    const heard = await until('the recording', () => {
      const bytes = existsSync(`${folder}/heard`) && readFileSync(`${folder}/heard`);
      return bytes && bytes.length >= 22 ? bytes : undefined;
    });
    const first = parseAdtsHeader(heard);
    assert.deepEqual([first?.frameLength, heard.toString('latin1', 7, 10)], [10, 'one']);
    assert.equal(heard.toString('latin1', 17), 'three');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('#killsignal comes first, SIGKILL after #killtimeout', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'porthole-exec-'));
  try {
    const script = (trap: string): string =>
      `sh -c 'trap "${trap}" TERM; ffmpeg -v error -re -f lavfi -i testsrc2=size=64x64 -c:v mjpeg -f mjpeg - & while :; do wait; done'`;
    const stopped = async (text: string): Promise<number> => {
      const producer = await open(text);
      const started = performance.now();
      await producer.run(() => {}, AbortSignal.timeout(50));
      return performance.now() - started;
    };
    await stopped(`exec:${script(`echo bye > ${folder}/bye; exit 0`)}#killsignal=15#killtimeout=5`);
    assert.equal(readFileSync(`${folder}/bye`, 'utf8'), 'bye\n');
    const elapsedMs = await stopped(`exec:${script('')}#killsignal=15#killtimeout=0.5`);
    assert.ok(elapsedMs > 450 && elapsedMs < 3000, `${elapsedMs} ms`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
