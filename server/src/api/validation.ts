/**
 * Requests against the TypeBox schemas of their routes, and the few shapes that many routes share.
 * Fastify's own validator would compile code at the start; these queries are checked in microseconds as they come.
 */
import type { FastifySchemaCompiler, FastifyServerOptions } from 'fastify';
import { type Static, type TSchema, Type } from 'typebox';
import { Check, Errors } from 'typebox/value';
import { HttpError } from './errors.ts';

/** A query: repeated parameters are lists. */
export type Query = Readonly<Record<string, string | string[]>>;

export const Text = (description: string) => Type.String({ description });
/** A parameter that may be there several times. */
export const Texts = (description: string) =>
  Type.Union([Type.String(), Type.Array(Type.String(), { maxItems: 64 })], { description });

/** Codec filters of a viewer. */
export const Tracks = {
  video: Type.Optional(Texts('Video codecs, such as h264,h265; empty for any')),
  audio: Type.Optional(Texts('Audio codecs, such as aac,opus; empty for any')),
};

/** Reads a query string; the first 64 parameters. */
export function parseQuery(text: string): Query {
  const query: Record<string, string | string[]> = Object.create(null);
  let count = 0;
  for (const [key, value] of new URLSearchParams(text)) {
    if (++count > 64) break;
    const earlier = query[key];
    if (earlier === undefined) query[key] = value;
    else query[key] = typeof earlier === 'string' ? [earlier, value] : [...earlier, value];
  }
  return query;
}

/** All values of a parameter. */
export const all = (value: string | readonly string[] | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === 'string' ? [value] : value;

/** The parameters as the media functions take them. */
export function toSearchParams(query: unknown): URLSearchParams {
  const result = new URLSearchParams();
  for (const [key, values] of Object.entries(query as Query)) {
    for (const value of all(values)) result.append(key, value);
  }
  return result;
}

/** A body of JSON that has this shape; throws HttpError 400 that names what is wrong. */
export function jsonBody<T extends TSchema>(schema: T, body: string): Static<T> {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw new HttpError(400, 'the body is not JSON');
  }
  if (!Check(schema, value)) throw new HttpError(400, describe(Errors(schema, value)[0], 'the body'));
  return value as Static<T>;
}

type CompilersFactory = NonNullable<FastifyServerOptions['schemaController']>['compilersFactory'];

/** What Fastify is given in the place of its own compilers, whose types it asks for. */
export function compilers(validator: FastifySchemaCompiler<TSchema>): NonNullable<CompilersFactory> {
  const factory = { buildValidator: () => validator, buildSerializer: () => () => JSON.stringify };
  return factory as unknown as NonNullable<CompilersFactory>;
}

/** Fastify's hook for validation. The message names the first parameter that is wrong. */
export const compileValidator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  return (input: unknown) => {
    const value = httpPart === 'body' ? (input ?? '') : input;
    if (Check(schema, value)) return { value };
    return { error: new Error(describe(Errors(schema, value)[0], httpPart)) };
  };
};

/** `src is missing`, `width must be string`. */
function describe(
  error: ReturnType<typeof Errors>[number] | undefined,
  httpPart: string | undefined,
): string {
  if (error?.keyword === 'required') return `${error.params.requiredProperties.join(', ')} is missing`;
  const name = error?.instancePath.slice(1) || httpPart;
  return `${name} ${error?.message ?? 'cannot be used'}`;
}
