/**
 * What the config says of cameras, and which streams are cameras: all of them, but for those that are another one's sub
 * stream, those that are named by their address because a client brought it along (`?src=rtsp://…`), and temporary ones.
 */
import type { ConfigChange } from '../config/keep.ts';
import type { Config } from '../config/schema.ts';
import type { Stream } from '../core/stream.ts';

export interface CameraSettings {
  readonly name?: string | undefined;
  readonly area?: string | undefined;
  /** Name of the stream with the small picture. */
  readonly sub?: string | undefined;
  readonly enabled: boolean;
  readonly doorbell: boolean;
}

/** Changes of settings; null takes one back. */
export type SettingsPatch = { readonly [Key in keyof CameraSettings]?: CameraSettings[Key] | null };

export const DEFAULT_SETTINGS: CameraSettings = { enabled: true, doorbell: false };

/** The settings of each camera that the config names. */
export function cameraSettings({ cameras }: Pick<Config, 'cameras'>): Map<string, CameraSettings> {
  return new Map(
    Object.entries(cameras).map(([id, entry]) => [id, patchSettings(DEFAULT_SETTINGS, entry ?? {})]),
  );
}

/** The settings with the changes made. */
export function patchSettings(settings: CameraSettings, patch: SettingsPatch): CameraSettings {
  const pick = <Key extends keyof CameraSettings>(key: Key): CameraSettings[Key] => {
    const value = patch[key];
    if (value === undefined) return settings[key];
    return value === null || value === '' ? DEFAULT_SETTINGS[key] : (value as CameraSettings[Key]);
  };
  return {
    name: pick('name'),
    area: pick('area'),
    sub: pick('sub'),
    enabled: pick('enabled'),
    doorbell: pick('doorbell'),
  };
}

/** What is to be changed in the config file for it to say these settings; what is the default is left out of it. */
export function settingsChanges(id: string, before: CameraSettings, after: CameraSettings): ConfigChange[] {
  const keys = ['name', 'area', 'sub', 'enabled', 'doorbell'] as const;
  return keys
    .filter((key) => before[key] !== after[key])
    .map((key) => [['cameras', id, key], after[key] === DEFAULT_SETTINGS[key] ? undefined : after[key]]);
}

/** The camera that each sub stream belongs to. A camera with a sub stream is none itself, whatever the config says. */
export function subStreamOwners(
  settings: ReadonlyMap<string, CameraSettings>,
  isStream: (name: string) => boolean,
): Map<string, string> {
  const owners = new Map<string, string>();
  const mains = new Set<string>();
  for (const [id, { sub }] of settings) {
    if (sub === undefined || sub === id || !isStream(id) || !isStream(sub)) continue;
    if (owners.has(id) || owners.has(sub) || mains.has(sub)) continue;
    owners.set(sub, id);
    mains.add(id);
  }
  return owners;
}

/** Whether a stream of this name may be a camera. */
export const isCameraName = (name: string): boolean => !name.includes('://');

/** Whether a stream may be a camera. */
export const isCamera = ({ name, isTemporary }: Pick<Stream, 'name' | 'isTemporary'>): boolean =>
  !isTemporary && isCameraName(name);
