/**
 * Words of the Expr language: https://expr-lang.org/docs/language-definition, as of version 1.17.
 *
 *   let host = 'camera'; // a comment
 *   name name = string  ; …
 */
import { failure } from './value.ts';

export interface Token {
  readonly kind: 'number' | 'string' | 'name' | 'symbol' | 'end';
  /** As written; of a string its content. */
  readonly text: string;
  /** Where it begins. */
  readonly at: number;
}

const MAX_SOURCE = 64 << 10;
const MAX_TOKENS = 20_000;

/** Sticky: each is tried where the last token ended. */
const SPACE = /(?:\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)+/y;
const NUMBER =
  /0[xX][\da-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|(?:\d[\d_]*(?:\.(?!\.)[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d+)?/y;
const NAME = /[\p{L}_$][\p{L}\p{N}_$]*/uy;
const STRING = /"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*'/y;
const RAW_STRING = /`(?:[^`]|``)*`/y;
/** `?.` before a digit is the `?` of a condition. */
const SYMBOL = /\?\?|\?\.(?!\d)|\*\*|\.\.|==|!=|<=|>=|&&|\|\||::|[-+*/%^<>=!?:;,.|#()[\]{}]/y;

/** Splits a program. Throws StreamError with the place of what is not of the language. */
export function tokenize(source: string): Token[] {
  if (source.length > MAX_SOURCE) throw failure(`a program longer than ${MAX_SOURCE} characters`);
  const tokens: Token[] = [];
  let at = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(source)?.[0];
  };
  for (;;) {
    at += take(SPACE)?.length ?? 0;
    if (at >= source.length) break;
    const token = next(at, take);
    if (!token) throw failure(`unexpected ${JSON.stringify(source[at])} at ${place(source, at)}`);
    if (tokens.push(token.token) > MAX_TOKENS) throw failure('a program too long');
    at += token.length;
  }
  return [...tokens, { kind: 'end', text: '', at: source.length }];
}

/** `line:column`, both from 1. */
export function place(source: string, at: number): string {
  const lines = source.slice(0, at).split('\n');
  return `${lines.length}:${(lines.at(-1)?.length ?? 0) + 1}`;
}

function next(
  at: number,
  take: (pattern: RegExp) => string | undefined,
): { readonly token: Token; readonly length: number } | undefined {
  const raw = take(RAW_STRING);
  if (raw)
    return {
      token: { kind: 'string', text: raw.slice(1, -1).replaceAll('``', '`'), at },
      length: raw.length,
    };
  const quoted = take(STRING);
  if (quoted)
    return { token: { kind: 'string', text: readEscapes(quoted.slice(1, -1)), at }, length: quoted.length };
  for (const [kind, pattern] of [
    ['number', NUMBER],
    ['name', NAME],
    ['symbol', SYMBOL],
  ] as const) {
    const text = take(pattern);
    if (text) return { token: { kind, text, at }, length: text.length };
  }
  return undefined;
}

const ESCAPES: Readonly<Record<string, string>> = {
  ...{ a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' },
  ...{ '\\': '\\', "'": "'", '"': '"', '`': '`', '?': '?' },
};

function readEscapes(text: string): string {
  return text.replace(
    /\\(?:u\{([\da-fA-F]{1,6})\}|u([\da-fA-F]{4})|U([\da-fA-F]{8})|x([\da-fA-F]{2})|([0-3][0-7]{2})|([\s\S]))/g,
    (
      all: string,
      braced?: string,
      short?: string,
      long?: string,
      byte?: string,
      octal?: string,
      plain?: string,
    ) => {
      if (plain !== undefined) {
        const escaped = ESCAPES[plain];
        if (escaped === undefined) throw failure(`unknown escape ${all} in a string`);
        return escaped;
      }
      const code = octal
        ? Number.parseInt(octal, 8)
        : Number.parseInt(braced ?? short ?? long ?? byte ?? '', 16);
      if (code > 0x10ffff) throw failure(`no such character: ${all}`);
      return String.fromCodePoint(code);
    },
  );
}
