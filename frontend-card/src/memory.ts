/** What this browser remembers of each camera: whether it was muted, and the shape of its picture. */

function recall(key: string): string | undefined {
  try {
    return localStorage.getItem(`porthole-${key}`) ?? undefined;
  } catch {
    return undefined;
  }
}

function remember(key: string, value: string): void {
  try {
    localStorage.setItem(`porthole-${key}`, value);
  } catch {
    // Forbidden or full: then it is the same each time.
  }
}

export function recallMuted(camera: string): boolean | undefined {
  const value = recall(`muted:${camera}`);
  return value === undefined ? undefined : value === 'true';
}

export function rememberMuted(camera: string, muted: boolean): void {
  remember(`muted:${camera}`, String(muted));
}

/** A CSS ratio. */
export function recallAspect(camera: string): string | undefined {
  const value = recall(`aspect:${camera}`);
  return value && /^\d+ \/ \d+$/.test(value) ? value : undefined;
}

export function rememberAspect(camera: string, width: number, height: number): void {
  remember(`aspect:${camera}`, `${width} / ${height}`);
}
