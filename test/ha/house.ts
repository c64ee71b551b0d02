/** A whole house: Supervisor, core, broker, the add-on, and two fake cameras; one call starts it. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Feed } from '../fakes/feed.ts';
import { ffmpegFeeds } from '../fakes/ffmpeg-feed.ts';
import { type RtspCamera, startRtspCamera } from '../fakes/rtsp-camera.ts';
import { type FakeSupervisor, startSupervisor } from '../fakes/supervisor.ts';
import { type Mosquitto, startMosquitto } from '../helpers/mosquitto.ts';
import { until } from '../helpers/wait.ts';
import { Addon } from './addon.ts';
import { HomeAssistant } from './core.ts';

const MANIFEST = join(import.meta.dirname, '../../addon/config.yaml');
export const CORE_ADDRESS = '172.30.32.1';
const SUPERVISOR_ADDRESS = '172.30.32.2';
const INGRESS_PORT = 62_345;

export interface House extends AsyncDisposable {
  readonly supervisor: FakeSupervisor;
  readonly core: HomeAssistant;
  readonly addon: Addon;
  readonly broker: Mosquitto;
  /** Its picture is 1280x720; its loudspeaker takes PCMA. */
  readonly camera: RtspCamera;
  /** The same camera's small stream, 640x360. */
  readonly small: RtspCamera;
}

/** Starts all of it: the add-on first, as Supervisor does, so that core finds the integration at its first start. */
export async function openHouse(options: Readonly<Record<string, unknown>> = {}): Promise<House> {
  if (!process.env.PORTHOLE_TEST_NETWORK)
    throw new Error(
      'this test needs a network of its own: npm test -- test/ha, or test/ha/network.sh node --test FILE',
    );
  await using opened = new AsyncDisposableStack();
  const directory = mkdtempSync(join(tmpdir(), 'porthole-house-'));
  opened.defer(() => rmSync(directory, { recursive: true, force: true }));
  const manifest = parse(readFileSync(MANIFEST, 'utf8')) as Record<string, unknown>;
  const socketPath = join(directory, 'core.sock');
  const user = { username: 'addons', password: 'broker-password' };
  const broker = opened.use(await startMosquitto(user));
  const camera = await startRtspCamera({ feeds: feedsOf('1280x720'), loudspeaker: 'PCMA' });
  opened.defer(() => camera.close());
  const small = await startRtspCamera({ feeds: feedsOf('640x360') });
  opened.defer(() => small.close());
  const supervisor = opened.use(
    await startSupervisor({
      host: SUPERVISOR_ADDRESS,
      port: 80,
      addonHost: CORE_ADDRESS,
      ingressPort: INGRESS_PORT,
      manifest,
      core: { socketPath },
    }),
  );
  supervisor.mqtt = { host: 'core-mosquitto', port: broker.port, ...user };
  const core = opened.use(
    new HomeAssistant({
      port: 8123,
      env: { ...supervisor.coreEnv, SUPERVISOR_CORE_API_SOCKET: socketPath },
    }),
  );
  const addon = opened.use(
    new Addon({
      directory,
      homeassistant: core.directory,
      options: { ...(manifest.options as object), ...options },
      env: supervisor.addonEnv,
    }),
  );
  addon.start();
  await until('the add-on to announce itself', () => supervisor.messages.length > 0, 30_000).catch(
    (error) => {
      throw new Error(`${error.message}\n${addon.log}`);
    },
  );
  await core.start();
  await core.onboard();
  const owned = opened.move();
  return {
    ...{ supervisor, core, addon, broker, camera, small },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const SCENES = join(import.meta.dirname, '../fixtures/scenes');

export interface CameraLook {
  readonly scene?: 'front-door' | 'garden';
  readonly encoder?: string;
  readonly fps?: number;
}

/** A scene whose light changes, with a key frame a second, and a tone, as an IP camera sends them. */
export function feedsOf(
  size: string,
  { scene = 'front-door', encoder = 'libx264', fps = 20 }: CameraLook = {},
): readonly Feed[] {
  const picture = ['-re', '-loop', '1', '-framerate', String(fps), '-i', join(SCENES, `${scene}.jpg`)];
  const tone = ['-re', '-f', 'lavfi', '-i', 'sine=frequency=440'];
  const light = `scale=${size.replace('x', ':')},hue=b=0.3*sin(t),noise=alls=6:allf=t,format=yuv420p`;
  const quiet = encoder === 'libx265' ? '-x265-params log-level=error ' : '';
  const video = `-map 0:v -vf ${light} -c:v ${encoder} ${quiet}-preset ultrafast -tune zerolatency -b:v 1500k -g ${fps}`;
  const audio = '-map 1:a -c:a pcm_alaw -ar 8000 -ac 1';
  return ffmpegFeeds(
    [...picture, ...tone],
    [
      { kind: 'video', options: video.split(' ') },
      { kind: 'audio', options: audio.split(' ') },
    ],
  );
}
