/** The RTMP server of the config's `rtmp` section; off unless it names an address to listen on. */
import type { RunningService, StartService } from '../format.ts';
import { startRtmpServer } from './server.ts';

/** Starts it. */
export const start: StartService = async ({ services, log }): Promise<RunningService | undefined> => {
  const { listen, username, password } = services.section('rtmp') as {
    readonly listen?: string;
    readonly username?: string;
    readonly password?: string;
  };
  if (!listen) return undefined;
  const { streams, access } = services;
  return startRtmpServer({ listen, username, password, ...access, streams, log });
};
