/** A real MQTT broker (mosquitto) for tests, on loopback. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, untilListening } from './ports.ts';
import { runOk, spawnTied } from './run.ts';

export interface Mosquitto extends AsyncDisposable {
  readonly port: number;
  /** Ends the process; what was retained is lost. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** Starts a broker that anybody may use, or only this user. */
export async function startMosquitto(user?: { username: string; password: string }): Promise<Mosquitto> {
  const directory = mkdtempSync(join(tmpdir(), 'porthole-mqtt-'));
  const port = await freePort();
  const passwords = join(directory, 'passwords');
  const lines = [`listener ${port} 127.0.0.1`, `allow_anonymous ${user === undefined}`, 'user root'];
  if (user) {
    await runOk('mosquitto_passwd', ['-b', '-c', passwords, user.username, user.password]);
    lines.push(`password_file ${passwords}`);
  }
  const config = join(directory, 'mosquitto.conf');
  writeFileSync(config, `${lines.join('\n')}\n`);
  let child: ReturnType<typeof spawnTied> | undefined;

  const stop = async (): Promise<void> => {
    if (!child) return;
    const ended = new Promise((resolve) => child!.once('close', resolve));
    child.kill('SIGTERM');
    await ended;
    child = undefined;
  };
  const start = async (): Promise<void> => {
    child = spawnTied('mosquitto', ['-c', config], { stdio: 'ignore' });
    await untilListening(port);
  };
  await start();
  return {
    port,
    stop,
    start,
    async [Symbol.asyncDispose]() {
      await stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
