/**
 * Where an add-on finds the Supervisor and its folders. The Supervisor sets SUPERVISOR_TOKEN and writes the options to
 * /data/options.json; both together say that this is an add-on.
 *
 * For stand-ins of the Supervisor: SUPERVISOR names another host (`127.0.0.1:8123`, as core reads it), ADDON_ROOT a
 * folder that everything below lies in.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

export interface Surroundings {
  /** `supervisor`, or `host:port`. */
  readonly host: string;
  readonly token: string;
  /** What the user has chosen on the add-on's page. */
  readonly options: string;
  /** Ours alone, kept through updates. */
  readonly data: string;
  /** Ours, and the user may edit in it. */
  readonly config: string;
  /** The configuration folder of Home Assistant. */
  readonly homeassistant: string;
  /** The integration that came with this server. */
  readonly integration: string;
  readonly devices: string;
  /** Where the user is found that the server runs as. */
  readonly passwd: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The surroundings of an add-on; undefined where the server does not run as one. */
export function findSurroundings(environment: Environment): Surroundings | undefined {
  const { SUPERVISOR_TOKEN: token, SUPERVISOR: host = 'supervisor', ADDON_ROOT: root = '/' } = environment;
  const options = join(root, 'data/options.json');
  if (!token || !existsSync(options)) return undefined;
  return {
    host,
    token,
    options,
    data: join(root, 'data'),
    config: join(root, 'config'),
    homeassistant: join(root, 'homeassistant'),
    integration: join(root, 'opt/porthole/integration'),
    devices: join(root, 'dev'),
    passwd: join(root, 'etc/passwd'),
  };
}
