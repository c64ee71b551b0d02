/** Plain values of several documents to one: maps merge key by key, everything else is replaced. */
import type { TSchema } from 'typebox';

type Plain = Record<string, unknown>;

export const isPlain = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `over` laid on `under`; neither is changed. */
export function deepMerge(under: unknown, over: unknown): unknown {
  if (!isPlain(under) || !isPlain(over)) return over;
  const result = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const merged = Object.hasOwn(result, key) ? deepMerge(result[key], value) : value;
    Object.defineProperty(result, key, {
      value: merged,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return result;
}

/** Adds the schema's defaults where `value` has none. */
export function withDefaults(value: unknown, schema: TSchema): unknown {
  const { properties, default: fallback } = schema as {
    properties?: Record<string, TSchema>;
    default?: unknown;
  };
  const given = value === undefined ? structuredClone(fallback) : value;
  if (!properties) return given;
  const result: Plain = isPlain(given) ? { ...given } : {};
  for (const [key, member] of Object.entries(properties)) {
    const filled = withDefaults(Object.hasOwn(result, key) ? result[key] : undefined, member);
    if (filled !== undefined) result[key] = filled;
  }
  return result;
}
