/**
 * A configuration to show to others: every secret masked, and nothing else. Unlike `redact`, which finds secrets in any
 * text, this knows which values are secret, however short or ordinary they look.
 */
import type { TSchema } from 'typebox';
import { redact } from '../util/redact.ts';
import { isPlain } from './merge.ts';
import { configSchema } from './schema.ts';

const MASK = '***';
/** Keys that hold secrets where the schema does not know them: sections of go2rtc's, and new ones. */
const SECRET_KEY =
  /pass(?:word|wd|phrase)?$|pwd$|secret|token|credential|private|(?:^|_)key$|(?:^|_)pin$|auth/i;

/** A copy with `***` in the place of secrets. */
export function maskConfig(config: unknown): unknown {
  return mask(config, configSchema, '');
}

function mask(value: unknown, schema: TSchema | undefined, key: string): unknown {
  const { format } = (schema ?? {}) as { format?: string };
  if (format === 'password' || (schema === undefined && SECRET_KEY.test(key))) return masked(value);
  if (typeof value === 'string') return redact(value);
  if (Array.isArray(value)) return value.map((item) => mask(item, itemSchema(schema), key));
  if (!isPlain(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      redact(name),
      mask(inner, memberSchema(schema, name), name),
    ]),
  );
}

/** The form of what is secret stays; an empty value is none. */
function masked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(masked);
  if (isPlain(value)) return Object.fromEntries(Object.keys(value).map((key) => [key, masked(value[key])]));
  return value === null || value === undefined || value === '' || typeof value === 'boolean' ? value : MASK;
}

type Members = {
  properties?: Record<string, TSchema>;
  patternProperties?: Record<string, TSchema>;
  additionalProperties?: TSchema | boolean;
  items?: TSchema;
  anyOf?: TSchema[];
};

/** What the schema says of a member; for one that it does not know, what its name says. */
function memberSchema(schema: TSchema | undefined, name: string): TSchema | undefined {
  for (const each of alternatives(schema)) {
    const { properties = {}, patternProperties = {}, additionalProperties } = each as Members;
    if (Object.hasOwn(properties, name)) return properties[name];
    const pattern = Object.keys(patternProperties).find((text) => new RegExp(text).test(name));
    if (pattern !== undefined) return patternProperties[pattern];
    if (typeof additionalProperties === 'object') return additionalProperties;
  }
  return undefined;
}

function itemSchema(schema: TSchema | undefined): TSchema | undefined {
  for (const each of alternatives(schema)) if ((each as Members).items) return (each as Members).items;
  return undefined;
}

function alternatives(schema: TSchema | undefined): readonly TSchema[] {
  return schema === undefined ? [] : ((schema as Members).anyOf ?? [schema]);
}
