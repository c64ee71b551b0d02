/** Which of a camera's profiles is its main stream and which its sub stream, for each of its lenses. Pure. */
import type { CameraProfile } from './camera.ts';

export interface Tiered {
  readonly profile: CameraProfile;
  /** Its place in the camera's list. */
  readonly index: number;
  readonly role: 'main' | 'sub' | undefined;
}

/** Smaller is a thumbnail. */
const SMALLEST_SUB_WIDTH = 320;

/** The profiles by lens, in the camera's order; of each the main stream first, then the sub stream. */
export function tiersOf(profiles: readonly CameraProfile[]): readonly (readonly Tiered[])[] {
  const lenses = new Map<string, { readonly profile: CameraProfile; readonly index: number }[]>();
  profiles.forEach((profile, index) => {
    // The source itself, not a configuration of it, of which there may be one for each profile.
    const lens = profile.sources.at(-1) ?? '';
    lenses.set(lens, [...(lenses.get(lens) ?? []), { profile, index }]);
  });
  return [...lenses.values()].map((list) => {
    // Pictures without motion compensation are what viewers want least, however large they are.
    const videos = list.filter(({ profile }) => profile.encoding !== 'JPEG');
    const [main, ...rest] = [...(videos.length > 0 ? videos : list)].sort(
      (a, b) => pixelsOf(b.profile) - pixelsOf(a.profile) || a.index - b.index,
    );
    const smaller = rest.filter(({ profile }) => isSub(profile, main!.profile));
    const sub = smaller.at(-1);
    const roleOf = (item: unknown): Tiered['role'] =>
      item === main ? 'main' : item === sub ? 'sub' : undefined;
    const order = { main: 0, sub: 1, none: 2 };
    return list
      .map((item) => ({ ...item, role: roleOf(item) }))
      .sort((a, b) => order[a.role ?? 'none'] - order[b.role ?? 'none'] || a.index - b.index);
  });
}

const pixelsOf = ({ width, height }: CameraProfile): number => width * height;

/** Where sizes are not told, the later profile is the smaller one. */
function isSub(profile: CameraProfile, main: CameraProfile): boolean {
  if (profile.width === 0 || main.width === 0) return true;
  return profile.width >= SMALLEST_SUB_WIDTH && pixelsOf(profile) < pixelsOf(main);
}
