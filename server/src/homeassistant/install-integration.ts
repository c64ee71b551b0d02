/**
 * Puts the integration that came with this server into Home Assistant's configuration folder.
 *
 *   custom_components/porthole      its place; nothing else there is touched
 *   .porthole-new                   the copy being made: renamed to its place when it is whole
 *   .porthole-old                   the one before, for the moment between two renames
 *
 * Never over a newer one, nor over what is not ours: another integration of that name, or a link that a developer made.
 */
import { cp, lstat, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import { Check } from 'typebox/value';
import { compareVersions } from './compare-versions.ts';

export interface Installation {
  readonly outcome: 'installed' | 'updated' | 'kept' | 'failed';
  /** The version that is in the folder now; undefined: none of ours. */
  readonly installed?: string | undefined;
  /** The version that came with this server. */
  readonly bundled?: string | undefined;
  /** Why it failed, or was kept though it is another version. */
  readonly reason?: string | undefined;
}

const DOMAIN = 'porthole';

const manifest = Type.Object({ domain: Type.Literal(DOMAIN), name: Type.String(), version: Type.String() });
type Manifest = Static<typeof manifest>;

/** Installs or updates. With `install: false` it only looks. Never rejects. */
export async function installIntegration({
  source,
  homeassistant,
  install,
}: {
  /** Folder of the integration to install. */
  readonly source: string;
  /** Home Assistant's configuration folder. */
  readonly homeassistant: string;
  readonly install: boolean;
}): Promise<Installation> {
  const parent = join(homeassistant, 'custom_components');
  const place = join(parent, DOMAIN);
  const [fresh, old] = [join(homeassistant, '.porthole-new'), join(homeassistant, '.porthole-old')];
  const ours = await readManifest(source);
  const bundled = ours?.version;
  const keep = (installed: string | undefined, reason?: string): Installation => ({
    outcome: 'kept',
    installed,
    bundled,
    reason,
  });
  try {
    if (install) await repair();
    const kind = await kindOf(place);
    const present = kind === 'folder' ? await readManifest(place) : undefined;
    if (!install) return keep(present?.version);
    if (!ours) return { outcome: 'failed', reason: 'this server came without the integration' };
    if (kind === 'other') return keep(undefined, `${place} is a link or a file: left as it is`);
    if (kind === 'folder' && present?.name !== ours.name) {
      return keep(undefined, `${place} is not our integration: left as it is`);
    }
    const order = present ? compareVersions(present.version, ours.version) : -1;
    if (order > 0) return keep(present?.version, `${present?.version} is newer than ${ours.version}`);
    if (order === 0) return keep(present?.version);
    await replace(kind === 'folder');
    return { outcome: present ? 'updated' : 'installed', installed: ours.version, bundled };
  } catch (error) {
    const present = await readManifest(place);
    return {
      outcome: 'failed',
      installed: present?.version,
      bundled,
      reason: (error as NodeJS.ErrnoException).message,
    };
  }

  /** What a start that was cut short has left. */
  async function repair(): Promise<void> {
    await rm(fresh, { recursive: true, force: true });
    if ((await kindOf(place)) === 'nothing' && (await kindOf(old)) === 'folder') await rename(old, place);
    await rm(old, { recursive: true, force: true });
  }

  async function replace(isThere: boolean): Promise<void> {
    await cp(source, fresh, { recursive: true });
    await mkdir(parent, { recursive: true });
    if (isThere) await rename(place, old);
    try {
      await rename(fresh, place);
    } catch (error) {
      if (isThere) await rename(old, place);
      throw error;
    }
    await rm(old, { recursive: true, force: true });
  }
}

async function kindOf(path: string): Promise<'nothing' | 'folder' | 'other'> {
  const found = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error;
  });
  if (!found) return 'nothing';
  return found.isDirectory() ? 'folder' : 'other';
}

/** Undefined where there is none, or it is not one of an integration of our domain. */
async function readManifest(folder: string): Promise<Manifest | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'));
    return Check(manifest, value) ? value : undefined;
  } catch {
    return undefined;
  }
}
