/** JSON of peers: objects or nothing, never an exception. */

export type JsonObject = Readonly<Record<string, unknown>>;

/** The object in a text; undefined when it is not JSON, or no object. */
export function parseObject(text: string): JsonObject | undefined {
  try {
    return objectOf(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** The value, if it is an object. */
export function objectOf(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : undefined;
}

/** The value, if it is a text. */
export const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** The object in Base64 of a text. */
export function decodeObject(value: unknown): JsonObject | undefined {
  return typeof value === 'string' ? parseObject(Buffer.from(value, 'base64').toString()) : undefined;
}

export const encodeObject = (value: JsonObject): string =>
  Buffer.from(JSON.stringify(value)).toString('base64');
