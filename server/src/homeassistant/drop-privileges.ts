/**
 * From root to a user of our own, once and for all: what root must do is done before.
 *
 * The user keeps the groups of the devices that the Supervisor passed on (cameras, sound cards, encoders, serial ports).
 * Their numbers are those of the host, so they are read from the devices, not looked up by name.
 */
import { chmodSync, globSync, lchownSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

export interface SystemUser {
  readonly uid: number;
  readonly gid: number;
}

const DEVICES = ['video*', 'media*', 'snd/*', 'dri/*', 'ttyUSB*', 'ttyACM*'];
/** Only for their owner and, as we own them, for us. */
const PRIVATE_FOLDER = 0o700;

/** The user of this name in a file like /etc/passwd; undefined where there is none. */
export function findUser(passwd: string, name: string): SystemUser | undefined {
  const line = readFileSync(passwd, 'utf8')
    .split('\n')
    .find((text) => text.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  return uid && gid ? { uid: Number(uid), gid: Number(gid) } : undefined;
}

/** The groups that may use the devices in a folder like /dev; never root's. */
export function deviceGroups(folder: string): number[] {
  const groups = globSync(DEVICES, { cwd: folder }).map((name) => {
    const found = statSync(join(folder, name), { throwIfNoEntry: false });
    return found?.isCharacterDevice() ? found.gid : 0;
  });
  return [...new Set(groups)].filter((gid) => gid !== 0).sort((a, b) => a - b);
}

/** Gives the folders to the user and becomes that user. Throws what the system calls throw. */
export function dropPrivileges(
  { uid, gid }: SystemUser,
  { groups, folders }: { readonly groups: readonly number[]; readonly folders: readonly string[] },
): void {
  for (const folder of folders) {
    own(folder, uid, gid);
    chmodSync(folder, PRIVATE_FOLDER);
  }
  process.setgroups!([...groups]);
  process.setgid!(gid);
  process.setuid!(uid);
  // Programs that sources run keep things there.
  process.env.HOME = folders[0];
}

function own(path: string, uid: number, gid: number): void {
  lchownSync(path, uid, gid);
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const inner = join(path, entry.name);
    if (entry.isDirectory()) own(inner, uid, gid);
    else lchownSync(inner, uid, gid);
  }
}
