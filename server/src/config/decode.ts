/**
 * YAML nodes to values, by a schema. What doesn't fit is reported with its place and left out; the rest stands.
 *
 * As in go2rtc: numbers given for text keep their spelling (`password: 0123`), `on/off/yes/no` are booleans only
 * where the schema says boolean, and null means "not set" unless the schema takes null.
 */
import type { TSchema } from 'typebox';
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { registerSecret } from '../util/redact.ts';
import { ConfigError } from './error.ts';
import type { Fragment } from './fragments.ts';
import { parseListen } from './listen.ts';
import { isPlain } from './merge.ts';

export type Path = readonly (string | number)[];

type Report = (offset: number, path: Path, message: string) => void;

/** The JSON Schema keywords that the config schema uses. */
interface Schema {
  readonly type?: 'object' | 'array' | 'string' | 'boolean' | 'integer' | 'number' | 'null';
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxItems?: number;
}

const MAX_DEPTH = 100;
/** Nodes of one fragment, aliases counted each time they are used: an alias bomb ends here. */
const MAX_NODES = 100_000;

const TRUE = /^(?:true|yes|on|y)$/i;
const FALSE = /^(?:false|no|off|n)$/i;

/** The value of a fragment, undefined where nothing of it fits. */
export function decode(fragment: Fragment, schema: TSchema, report: Report): unknown {
  const { targets, base, path: start } = fragment;
  let budget = MAX_NODES;

  const fail = (node: Node | undefined, path: Path, message: string): undefined => {
    report(base + (node?.range?.[0] ?? 0), path, message);
    return undefined;
  };

  const follow = (node: unknown) => (isAlias(node) ? targets.get(node) : node) as Node | null | undefined;

  const value = (input: unknown, schema: Schema | undefined, path: Path, depth = 0): unknown => {
    const node = follow(input);
    if (node === undefined) return fail(input as Node, path, 'an alias without an anchor');
    if (--budget < 0 || depth > MAX_DEPTH) {
      if (budget >= -1) fail(input as Node, path, 'too many values, or nested too deeply');
      budget = -2;
      return undefined;
    }
    const fitting = schema?.anyOf ? schema.anyOf.find((member) => fits(node, member)) : schema;
    if (schema?.anyOf && !fitting) return fail(node!, path, mismatch(schema, node));
    if (isNull(node)) return fitting?.type === 'null' || !fitting ? null : undefined;
    if (fitting?.type && !fits(node, fitting)) return fail(node!, path, mismatch(fitting, node));
    if (isMap(node)) return object(node, fitting, path, depth);
    if (isSeq(node)) return array(node, fitting, path, depth);
    return scalar(node as Scalar, fitting, path);
  };

  const object = (node: YAMLMap, schema: Schema | undefined, path: Path, depth: number): unknown => {
    const result: Record<string, unknown> = {};
    const seen = new Set<string>();
    const inherited: Record<string, unknown>[] = [];
    for (const pair of node.items as Pair<Node, Node>[]) {
      const key = keyOf(pair);
      if (key === undefined) {
        fail(pair.key, path, 'a key must be text');
        continue;
      }
      if (key === '<<') {
        const list =
          isSeq(follow(pair.value)) && schema ? ({ type: 'array', items: schema } as const) : schema;
        for (const source of [value(pair.value, list, path, depth + 1)].flat()) {
          if (isPlain(source)) inherited.unshift(source);
        }
        continue;
      }
      if (seen.has(key)) fail(pair.key, [...path, key], 'is there twice; the last one is used');
      seen.add(key);
      const inner = value(pair.value, schema && memberSchema(schema, key), [...path, key], depth + 1);
      if (inner === undefined) delete result[key];
      else define(result, key, inner);
    }
    for (const [name, inner] of inherited.flatMap(Object.entries))
      if (!seen.has(name)) define(result, name, inner);
    return result;
  };

  const array = (node: YAMLSeq, schema: Schema | undefined, path: Path, depth: number): unknown => {
    const items = node.items
      .map((item, index) => value(item, schema?.items, [...path, index], depth + 1))
      .filter((item) => item !== undefined);
    if (schema?.maxItems !== undefined && items.length > schema.maxItems)
      return fail(node, path, `expected ${schema.maxItems} values at the most`);
    return items;
  };

  const scalar = (node: Scalar, schema: Schema | undefined, path: Path): unknown => {
    switch (schema?.type) {
      case undefined:
        return node.value;
      case 'boolean':
        return TRUE.test(textOf(node));
      case 'integer':
      case 'number': {
        const number = Number(node.value);
        const { minimum = -Infinity, maximum = Infinity } = schema;
        if (number >= minimum && number <= maximum) return number;
        return fail(node, path, `expected a number from ${minimum} to ${maximum}, found ${textOf(node)}`);
      }
      default: {
        const text = textOf(node);
        const problem = schema && checkText(text, schema);
        return problem ? fail(node, path, problem) : text;
      }
    }
  };

  let place: Schema | undefined = schema as Schema;
  for (const key of start) place = place && memberSchema(place, key);
  let result = isNull(fragment.node) && start.length === 0 ? {} : value(fragment.node, place, start);
  for (const key of start.toReversed()) if (result !== undefined) result = { [key]: result };
  return result;
}

const isNull = (node: unknown): boolean => node === null || (isScalar(node) && node.value === null);

/** As own property, even if the key is `__proto__`. */
function define(object: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}

function keyOf(pair: Pair): string | undefined {
  return isScalar(pair.key) ? textOf(pair.key) : undefined;
}

/** A scalar as it is written: `0123` and `1.10` stay so. */
function textOf(node: Scalar): string {
  if (typeof node.value === 'string') return node.value;
  return node.source ?? String(node.value);
}

function memberSchema(schema: Schema, key: string): Schema | undefined {
  if (schema.properties && Object.hasOwn(schema.properties, key)) return schema.properties[key];
  return schema.additionalProperties ?? Object.values(schema.patternProperties ?? {})[0];
}

function fits(node: unknown, schema: Schema): boolean {
  switch (schema.type) {
    case 'null':
      return isNull(node);
    case 'object':
      return isMap(node);
    case 'array':
      return isSeq(node);
    case 'boolean':
      return isScalar(node) && (TRUE.test(textOf(node)) || FALSE.test(textOf(node)));
    case 'integer':
      return isScalar(node) && Number.isSafeInteger(node.value);
    case 'number':
      return isScalar(node) && typeof node.value === 'number';
    case 'string':
      return isScalar(node) && node.value !== null;
    default:
      return true;
  }
}

const NAMES: Readonly<Record<string, string>> = {
  null: 'nothing',
  object: 'a map',
  array: 'a list',
  string: 'text',
  boolean: 'true or false',
  integer: 'a whole number',
  number: 'a number',
};

function mismatch(schema: Schema, node: unknown): string {
  const wanted = (schema.anyOf ?? [schema]).map(({ type }) => NAMES[type ?? '']).join(' or ');
  return `expected ${wanted}, found ${isMap(node) ? 'a map' : isSeq(node) ? 'a list' : isNull(node) ? 'nothing' : 'other text'}`;
}

function checkText(text: string, schema: Schema): string | undefined {
  if (schema.enum && !schema.enum.includes(text))
    return `expected one of ${schema.enum.filter(Boolean).join(', ')}, found ${text}`;
  if (schema.pattern && !new RegExp(schema.pattern).test(text)) return `cannot be used: ${text}`;
  if (schema.format === 'password') registerSecret(text);
  if (schema.format === 'listen') {
    try {
      parseListen(text);
    } catch (error) {
      if (error instanceof ConfigError) return error.message;
      throw error;
    }
  }
  return undefined;
}
