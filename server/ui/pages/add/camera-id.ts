/** The name of the stream that a new camera gets: short, plain, and not taken. Pure. */

const LONGEST = 40;

/** `Haustür (Süd)` → `haustur_sud`; where nothing plain is left, `camera`. */
export function cameraId(name: string, taken: readonly string[]): string {
  const plain = name
    .normalize('NFKD')
    .replaceAll('ß', 'ss')
    .toLowerCase()
    .replace(/\p{M}/gu, '')
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, LONGEST);
  const base = plain || 'camera';
  for (let number = 1, id = base; ; id = `${base}_${++number}`) if (!taken.includes(id)) return id;
}
