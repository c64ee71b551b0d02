/**
 * Values of the Expr language. Maps are `Map`s: a key of a program never meets a property of JavaScript.
 *
 * Integers and floats are one kind of number here; positions in strings count UTF-16 code units.
 */
import { StreamError } from '../../core/errors.ts';
import { Instant, Span } from './dates.ts';

export type Value =
  | null
  | boolean
  | number
  | string
  | readonly Value[]
  | ReadonlyMap<string, Value>
  | NativeFunction
  | Instant
  | Span;

/** A function that a value holds, such as `json` of a response. */
export type NativeFunction = (args: readonly Value[]) => Value;

export const MAX_TEXT = 4 << 20;
export const MAX_ITEMS = 100_000;
const MAX_DEPTH = 100;

/** The error of a program. */
export const failure = (message: string): StreamError =>
  new StreamError('invalid_source', `expr: ${message}`);

export const isMap = (value: Value): value is ReadonlyMap<string, Value> => value instanceof Map;
export const isArray = (value: Value): value is readonly Value[] => Array.isArray(value);

/** As the language's `type` tells it. */
export function typeName(value: Value): string {
  if (value === null) return 'nil';
  if (isArray(value)) return 'array';
  if (isMap(value)) return 'map';
  if (value instanceof Instant) return 'time.Time';
  if (value instanceof Span) return 'time.Duration';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
  if (typeof value === 'function') return 'func';
  return typeof value === 'boolean' ? 'bool' : 'string';
}

/** Throws when a string or an array is too long to be meant. */
export function limited<T extends Value>(value: T): T {
  if (typeof value === 'string' && value.length > MAX_TEXT) throw failure('a string is too long');
  if (isArray(value) && value.length > MAX_ITEMS) throw failure('an array is too long');
  return value;
}

/** What is left of the work that one walk over a value may be: values that hold another twice grow without end. */
interface Budget {
  left: number;
}

function spend(budget: Budget, amount: number, depth: number): void {
  budget.left -= amount;
  if (budget.left < 0) throw failure('a value is too large');
  if (depth > MAX_DEPTH) throw failure('a value is nested too deep');
}

/** Joins texts. Throws when the result would be too long. */
export function joinTexts(parts: readonly string[], delimiter: string): string {
  const length = parts.reduce((sum, part) => sum + part.length + delimiter.length, 0);
  if (length > MAX_TEXT) throw failure('a string is too long');
  return parts.join(delimiter);
}

/** As the language's `string` writes it: `[1 a]`, `map[a:1]`, `<nil>`. */
export function toText(value: Value, budget: Budget = { left: MAX_TEXT }, depth = 0): string {
  spend(budget, typeof value === 'string' ? value.length : 1, depth);
  if (value === null) return '<nil>';
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return numberText(value);
  if (isArray(value))
    return `[${joinTexts(
      value.map((item) => toText(item, budget, depth + 1)),
      ' ',
    )}]`;
  if (isMap(value)) {
    const keys = [...value.keys()].sort();
    const parts = keys.map((key) => `${key}:${toText(value.get(key) ?? null, budget, depth + 1)}`);
    return `map[${joinTexts(parts, ' ')}]`;
  }
  return typeof value === 'function' ? 'func' : String(value);
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value).replace(/e([+-])(\d)$/, 'e$10$2');
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}

/** Deep equality. */
export function equal(a: Value, b: Value, budget: Budget = { left: MAX_TEXT }, depth = 0): boolean {
  if (a === b) return true;
  spend(budget, 1, depth);
  if (isArray(a) && isArray(b))
    return (
      a.length === b.length && a.every((item, index) => equal(item, b[index] ?? null, budget, depth + 1))
    );
  if (isMap(a) && isMap(b)) {
    const same = ([key, item]: [string, Value]): boolean =>
      b.has(key) && equal(item, b.get(key) ?? null, budget, depth + 1);
    return a.size === b.size && [...a].every(same);
  }
  if (a instanceof Instant && b instanceof Instant) return a.compare(b) === 0;
  return a instanceof Span && b instanceof Span && a.nanoseconds === b.nanoseconds;
}

/** Negative, zero or positive, for values that have an order. */
export function compare(a: Value, b: Value): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0;
  if (a instanceof Instant && b instanceof Instant) return a.compare(b);
  if (a instanceof Span && b instanceof Span) return a.nanoseconds - b.nanoseconds;
  throw failure(`${typeName(a)} and ${typeName(b)} have no order`);
}

/** What JSON holds, as a value. */
export function fromJson(value: unknown, depth = 0): Value {
  if (depth > MAX_DEPTH) throw failure('JSON is nested too deep');
  if (Array.isArray(value)) return limited(value.map((item) => fromJson(item, depth + 1)));
  if (value !== null && typeof value === 'object')
    return new Map(Object.entries(value).map(([key, item]) => [key, fromJson(item, depth + 1)]));
  return value as null | boolean | number | string;
}

/** What `JSON.stringify` writes; maps by their sorted keys. */
export function toJson(value: Value, budget: Budget = { left: MAX_TEXT }, depth = 0): unknown {
  spend(budget, typeof value === 'string' ? value.length : 1, depth);
  if (isArray(value)) return value.map((item) => toJson(item, budget, depth + 1));
  if (isMap(value)) {
    const object: Record<string, unknown> = Object.create(null);
    for (const key of [...value.keys()].sort()) {
      spend(budget, key.length, depth);
      object[key] = toJson(value.get(key) ?? null, budget, depth + 1);
    }
    return object;
  }
  if (typeof value === 'function') return null;
  if (value instanceof Span) return value.nanoseconds;
  return value instanceof Instant ? value.format('2006-01-02T15:04:05Z07:00') : value;
}
