/**
 * Functions of the Expr language that need no predicate, and those that go2rtc has besides: `match`. Ours are `md5`,
 * `sha1`, `sha256` and `hmac(algorithm, key, text)`, which give hexadecimal text, as camera APIs want their tokens.
 */
import { createHash, createHmac } from 'node:crypto';
import { checkZone, Instant, Span } from './dates.ts';
import type { Builtin } from './evaluate.ts';
import { sortBy, sum } from './predicates.ts';
import { matches } from './regexp.ts';
import {
  equal,
  failure,
  fromJson,
  isArray,
  isMap,
  joinTexts,
  limited,
  MAX_TEXT,
  toJson,
  toText,
  typeName,
  type Value,
} from './value.ts';

type Arguments = readonly Value[];

const text = (args: Arguments, index: number): string => {
  const value = args[index];
  if (typeof value === 'string') return value;
  throw failure(`argument ${index + 1} is ${typeName(value ?? null)}, not string`);
};
const number = (args: Arguments, index: number): number => {
  const value = args[index];
  if (typeof value === 'number') return value;
  throw failure(`argument ${index + 1} is ${typeName(value ?? null)}, not a number`);
};
const array = (args: Arguments, index: number): readonly Value[] => {
  const value = args[index] ?? null;
  if (isArray(value as Value)) return value as readonly Value[];
  throw failure(`argument ${index + 1} is ${typeName(value)}, not array`);
};
const map = (args: Arguments, index: number): ReadonlyMap<string, Value> => {
  const value = args[index] ?? null;
  if (value !== null && isMap(value)) return value;
  throw failure(`argument ${index + 1} is ${typeName(value)}, not map`);
};
const textOr = (args: Arguments, index: number, otherwise: string): string =>
  args[index] === undefined ? otherwise : text(args, index);

function trim(args: Arguments): string {
  const whole = text(args, 0);
  if (args[1] === undefined) return whole.trim();
  const chars = new Set(text(args, 1));
  const list = [...whole];
  const from = list.findIndex((char) => !chars.has(char));
  return from < 0 ? '' : list.slice(from, list.findLastIndex((char) => !chars.has(char)) + 1).join('');
}

function trimAffix(whole: string, affix: string, side: 'start' | 'end'): string {
  if (side === 'start') return whole.startsWith(affix) ? whole.slice(affix.length) : whole;
  return whole.endsWith(affix) ? whole.slice(0, whole.length - affix.length) : whole;
}

/** At most `limit` parts, of which the last is the rest. */
function split(whole: string, delimiter: string, limit: number): string[] {
  const parts = whole.split(delimiter);
  if (limit < 0 || parts.length <= limit) return parts;
  return limit === 0 ? [] : [...parts.slice(0, limit - 1), parts.slice(limit - 1).join(delimiter)];
}

function splitAfter(args: Arguments): string[] {
  const parts = split(text(args, 0), text(args, 1), args[2] === undefined ? -1 : number(args, 2));
  return parts.map((part, index) => (index < parts.length - 1 ? part + text(args, 1) : part));
}

function replace(args: Arguments): string {
  const [whole, from, to] = [text(args, 0), text(args, 1), text(args, 2)];
  const parts = split(whole, from, args[3] === undefined || number(args, 3) < 0 ? -1 : number(args, 3) + 1);
  return joinTexts(parts, to);
}

function repeat(args: Arguments): string {
  const times = number(args, 1);
  if (!(times >= 0 && text(args, 0).length * times <= MAX_TEXT)) throw failure('repeat: too long');
  return text(args, 0).repeat(times);
}

function toInt([value = null]: Arguments): number {
  const parsed = typeof value === 'string' && /^[+-]?\d+$/.test(value) ? Number(value) : value;
  if (typeof parsed === 'number' && Number.isFinite(parsed)) return Math.trunc(parsed);
  if (value instanceof Span) return value.nanoseconds;
  throw failure(`invalid operation: int(${toText(value)})`);
}

function toFloat([value = null]: Arguments): number {
  const parsed = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof parsed === 'number' && !Number.isNaN(parsed)) return parsed;
  throw failure(`invalid operation: float(${toText(value)})`);
}

function len([value = null]: Arguments): number {
  if (typeof value === 'string') return [...value].length;
  if (isArray(value as Value)) return (value as readonly Value[]).length;
  if (value !== null && isMap(value)) return value.size;
  throw failure(`len of ${typeName(value)}`);
}

function flatten(items: readonly Value[], depth = 0): Value[] {
  if (depth > 100) throw failure('an array is nested too deep');
  return limited(items.flatMap((item) => (isArray(item) ? flatten(item, depth + 1) : [item])));
}

function uniq(items: readonly Value[]): Value[] {
  const plain = new Set<Value>();
  const kept: Value[] = [];
  for (const item of items) {
    const simple = item === null || typeof item !== 'object';
    if (simple ? plain.has(item) : kept.some((other) => equal(other, item))) continue;
    if (simple) plain.add(item);
    else if (kept.length > 1000) throw failure('uniq of too many arrays or maps');
    kept.push(item);
  }
  return kept;
}

function get([container = null, key = null]: Arguments): Value {
  if (container !== null && isMap(container)) return container.get(toText(key)) ?? null;
  if (!isArray(container as Value) || typeof key !== 'number') return null;
  const list = container as readonly Value[];
  return list[key < 0 ? key + list.length : key] ?? null;
}

const numbers = (args: Arguments): number[] => {
  const flat = flatten(args);
  if (flat.length === 0) throw failure('of nothing');
  return flat.map((_, index) => number(flat, index));
};

function median(args: Arguments): number {
  const sorted = numbers(args).sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function parseJson(source: string): Value {
  try {
    return fromJson(JSON.parse(source));
  } catch (error) {
    throw failure(`fromJSON: ${(error as Error).message}`);
  }
}

/** As Go's indented form, which also escapes what HTML could trip over. */
function json(value: Value): string {
  const escapes: Readonly<Record<string, string>> = { '<': '\\u003c', '>': '\\u003e', '&': '\\u0026' };
  return JSON.stringify(toJson(value), null, 2).replace(/[<>&]/g, (char) => escapes[char]!);
}

function date(args: Arguments): Instant {
  const [value] = args;
  if (value instanceof Instant) return value;
  const layout = args[1] === undefined ? undefined : text(args, 1);
  return Instant.parse(text(args, 0), layout, checkZone(textOr(args, 2, 'UTC')));
}

function pairs(args: Arguments): Value {
  return new Map(
    array(args, 0).map((pair) => [toText(array([pair], 0)[0] ?? null), array([pair], 0)[1] ?? null]),
  );
}

function hmac(args: Arguments): string {
  const algorithm = text(args, 0).toLowerCase();
  if (!['md5', 'sha1', 'sha256', 'sha512'].includes(algorithm))
    throw failure(`hmac has no algorithm ${algorithm}`);
  return createHmac(algorithm, text(args, 1)).update(text(args, 2)).digest('hex');
}

const hash =
  (algorithm: string): Builtin =>
  (args) =>
    createHash(algorithm).update(text(args, 0)).digest('hex');
const integers =
  (calculate: (a: bigint, b: bigint) => bigint): Builtin =>
  (args) =>
    Number(BigInt.asIntN(64, calculate(BigInt(toInt([number(args, 0)])), BigInt(toInt([number(args, 1)])))));
/** Shifts by more than this are all zero, or not meant. */
const shift = (by: bigint): bigint => {
  if (by < 0n || by > 64n) throw failure(`a shift by ${by}`);
  return by;
};

/** By name. */
export const BUILTINS: ReadonlyMap<string, Builtin> = new Map<string, Builtin>([
  ['trim', trim],
  ['trimPrefix', (args) => trimAffix(text(args, 0), textOr(args, 1, ''), 'start')],
  ['trimSuffix', (args) => trimAffix(text(args, 0), textOr(args, 1, ''), 'end')],
  ['upper', (args) => text(args, 0).toUpperCase()],
  ['lower', (args) => text(args, 0).toLowerCase()],
  ['split', (args) => split(text(args, 0), text(args, 1), args[2] === undefined ? -1 : number(args, 2))],
  ['splitAfter', splitAfter],
  ['replace', replace],
  ['repeat', repeat],
  [
    'join',
    (args) =>
      joinTexts(
        array(args, 0).map((_, index) => text(array(args, 0), index)),
        textOr(args, 1, ''),
      ),
  ],
  ['indexOf', (args) => text(args, 0).indexOf(text(args, 1))],
  ['lastIndexOf', (args) => text(args, 0).lastIndexOf(text(args, 1))],
  ['hasPrefix', (args) => text(args, 0).startsWith(text(args, 1))],
  ['hasSuffix', (args) => text(args, 0).endsWith(text(args, 1))],
  ['match', (args) => matches(text(args, 0), text(args, 1), textOr(args, 2, '')) ?? []],
  ['md5', hash('md5')],
  ['sha1', hash('sha1')],
  ['sha256', hash('sha256')],
  ['hmac', hmac],
  ['abs', (args) => Math.abs(number(args, 0))],
  ['ceil', (args) => Math.ceil(number(args, 0))],
  ['floor', (args) => Math.floor(number(args, 0))],
  ['round', (args) => Math.sign(number(args, 0)) * Math.round(Math.abs(number(args, 0)))],
  ['min', (args) => numbers(args).reduce((a, b) => Math.min(a, b))],
  ['max', (args) => numbers(args).reduce((a, b) => Math.max(a, b))],
  ['mean', (args) => sum(numbers(args)) / numbers(args).length],
  ['median', median],
  ['bitand', integers((a, b) => a & b)],
  ['bitor', integers((a, b) => a | b)],
  ['bitxor', integers((a, b) => a ^ b)],
  ['bitnand', integers((a, b) => a & ~b)],
  ['bitnot', (args) => -toInt([number(args, 0)]) - 1],
  ['bitshl', integers((a, b) => a << shift(b))],
  ['bitshr', integers((a, b) => a >> shift(b))],
  ['bitushr', integers((a, b) => BigInt.asUintN(64, a) >> shift(b))],
  ['first', (args) => array(args, 0)[0] ?? null],
  ['last', (args) => array(args, 0).at(-1) ?? null],
  ['get', get],
  ['take', (args) => array(args, 0).slice(0, Math.max(0, number(args, 1)))],
  ['reverse', (args) => array(args, 0).toReversed()],
  ['uniq', (args) => uniq(array(args, 0))],
  ['concat', (args) => args.flatMap((_, index) => array(args, index))],
  ['flatten', (args) => flatten(array(args, 0))],
  ['sort', (args) => sortBy(array(args, 0), array(args, 0), args[1] ?? 'asc')],
  ['keys', (args) => [...map(args, 0).keys()]],
  ['values', (args) => [...map(args, 0).values()]],
  ['toPairs', (args) => [...map(args, 0)]],
  ['fromPairs', pairs],
  ['len', len],
  ['type', ([value = null]) => typeName(value)],
  ['int', toInt],
  ['float', toFloat],
  ['string', ([value = null]) => toText(value)],
  ['toJSON', ([value = null]) => json(value)],
  ['fromJSON', (args) => parseJson(text(args, 0))],
  ['toBase64', (args) => Buffer.from(text(args, 0)).toString('base64')],
  ['fromBase64', (args) => Buffer.from(text(args, 0), 'base64').toString()],
  ['now', () => Instant.now()],
  ['date', date],
  ['duration', (args) => Span.parse(text(args, 0))],
  ['timezone', (args) => checkZone(text(args, 0))],
]);
