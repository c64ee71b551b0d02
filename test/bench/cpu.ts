/**
 * What a viewer costs: CPU of the server in ms a second, per viewer, and its memory. Linux.
 *
 *   npm run build && node test/bench/cpu.ts
 *   node test/bench/cpu.ts kinds=rtsp,mse,mp4 viewers=1,50 cameras=1,32 seconds=6 rounds=3 peer=/path/to/go2rtc
 *
 * Cameras and viewers run in this process and only the server's CPU time is counted, so it hardly matters how busy the
 * machine is; what else runs does change caches, so compare two servers of one run (`peer`), not two runs. Every figure
 * is the median of fresh servers, which take turns. `viewers` watch one camera; `cameras` have one RTSP viewer each.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { audioClip, h264Clip } from '../fakes/clips.ts';
import { ClipFeed } from '../fakes/feed.ts';
import { type RtspCamera, startRtspCamera } from '../fakes/rtsp-camera.ts';
import { watchRtsp } from '../helpers/rtsp-viewer.ts';
import { startServer, type TestServer } from '../helpers/server.ts';
import { openMp4, watchMse } from '../helpers/viewers.ts';
import { until } from '../helpers/wait.ts';

/** Leaves again. */
type Leave = () => unknown;

const BUNDLE = join(import.meta.dirname, '../../server/dist/main.js');
const PICTURE = { size: '1920x1080', gop: 50, bitrate: '4M', noisy: true };
const SETTLE_MS = 500;

const settings = new Map(process.argv.slice(2).map((word) => word.split('=', 2) as [string, string]));
const list = (name: string, otherwise: string): string[] => (settings.get(name) ?? otherwise).split(',');

const kinds = list('kinds', 'rtsp,mse,mp4');
const viewers = list('viewers', '1,50').map(Number);
const cameras = list('cameras', '1,32').map(Number);
const seconds = Number(settings.get('seconds') ?? 6);
const rounds = Number(settings.get('rounds') ?? 3);
const peer = settings.get('peer');
const servers = [['porthole', [process.execPath, BUNDLE]], ...(peer ? [['peer', peer.split(' ')]] : [])] as [
  string,
  string[],
][];

const watchers: Readonly<Record<string, (server: TestServer, name: string) => Promise<Leave>>> = {
  async rtsp(server, name) {
    const viewer = await watchRtsp(server.rtsp(name));
    await until('a packet', () => viewer.packets > 0);
    return () => viewer.close();
  },
  async mse(server, name) {
    const viewer = await watchMse(server, name);
    await viewer.more(2);
    return () => viewer.close();
  },
  async mp4(server, name) {
    const response = await openMp4(server, name);
    response.resume();
    return () => response.destroy();
  },
};

interface Measured {
  readonly cpuMs: number;
  readonly memoryMiB: number;
}

/** CPU time of all threads so far, in ms. */
function cpuMs(pid: number): number {
  let nanoseconds = 0;
  for (const task of readdirSync(`/proc/${pid}/task`))
    nanoseconds += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'latin1').split(' ')[0]);
  return nanoseconds / 1e6;
}

/** A fresh server with viewers of this kind, each on the next of the cameras. */
async function measure(command: readonly string[], kind: string, count: number, from: readonly RtspCamera[]) {
  const streams = Object.fromEntries(from.map(({ url }, index) => [`cam${index}`, url]));
  await using server = await startServer({ streams, log: { level: 'info' } }, { command });
  const leaving: Leave[] = [];
  for (let index = 0; index < count; index++)
    leaving.push(await watchers[kind]!(server, `cam${index % from.length}`));
  await sleep(SETTLE_MS);
  const before = cpuMs(server.pid);
  const since = performance.now();
  await sleep(seconds * 1000);
  const elapsed = (performance.now() - since) / 1000;
  const measured: Measured = {
    cpuMs: (cpuMs(server.pid) - before) / elapsed / count,
    memoryMiB: server.memory(),
  };
  for (const leave of leaving) await leave();
  return measured;
}

async function row(title: string, kind: string, count: number, from: readonly RtspCamera[]): Promise<void> {
  const results = servers.map((): Measured[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, [, command]] of servers.entries())
      results[index]!.push(await measure(command, kind, count, from));
  }
  const medians = results.map((all) => ({
    cpu: median(all.map((one) => one.cpuMs)),
    memory: median(all.map(({ memoryMiB }) => memoryMiB)),
  }));
  const cells = medians.map(({ cpu, memory }) => `${cpu.toFixed(2)} ms/s, ${memory.toFixed(0)} MiB`);
  const ratio = medians[1] ? (medians[0]!.cpu / medians[1].cpu).toFixed(2) : '';
  console.log(`| ${[title, ...cells, ratio].join(' | ')} |`);
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

const video = await h264Clip(PICTURE);
const audio = await audioClip('MPEG4-GENERIC', { sampleRate: 16000 });
const farm = await Promise.all(
  Array.from({ length: Math.max(1, ...cameras) }, () =>
    startRtspCamera({ feeds: [new ClipFeed(video), new ClipFeed(audio)] }),
  ),
);
console.log(
  `| CPU per viewer | ${servers.map(([name]) => name).join(' | ')} | ratio |\n|---|${'---|'.repeat(servers.length)}---|`,
);
for (const kind of kinds)
  for (const count of viewers) await row(`${kind}, viewers: ${count}`, kind, count, farm.slice(0, 1));
for (const count of cameras)
  await row(`rtsp, cameras with one viewer each: ${count}`, 'rtsp', count, farm.slice(0, count));
for (const camera of farm) await camera.close();
