/**
 * Reads the configuration: every document in order, placeholders filled in, checked against the schema, merged, with
 * defaults. A mistake costs the one value it is in: it is reported, and everything else works.
 */
import { readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { TSchema } from 'typebox';
import { redact, registerSecret } from '../util/redact.ts';
import type { ConfigArgument } from './arguments.ts';
import { decode, type Path } from './decode.ts';
import type { ConfigProblem } from './error.ts';
import { type Fragment, parseFragments } from './fragments.ts';
import { deepMerge, withDefaults } from './merge.ts';
import { type Config, configSchema } from './schema.ts';
import { streamList } from './streams.ts';
import { type Substituted, substitute } from './substitute.ts';

export interface LoadedConfig {
  readonly config: Config;
  readonly problems: readonly ConfigProblem[];
  /** The file that the API shows and edits; undefined with inline documents only. It need not exist yet. */
  readonly file: string | undefined;
}

export interface LoadOptions {
  readonly directory?: string;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Read instead of the config file: what an edit would make of it. */
  readonly fileText?: string;
}

/** Loads the documents in order. Never throws for what stands in them. */
export function loadConfig(documents: readonly ConfigArgument[], options: LoadOptions = {}): LoadedConfig {
  const { directory = process.cwd(), environment = process.env } = options;
  const problems: ConfigProblem[] = [];
  const files = documents.filter((document) => document.kind === 'file');
  const file = files[0] && resolve(directory, files[0].path);
  const variables: Record<string, string> = {};
  let merged: unknown = {};
  for (const document of documents) {
    const layer = (value: unknown): void => {
      if (value !== undefined) merged = deepMerge(merged, value);
    };
    if (document.kind !== 'file') {
      decodeText(document, problems).forEach(layer);
      continue;
    }
    const path = resolve(directory, document.path);
    const text =
      path === file && options.fileText !== undefined ? options.fileText : readText(path, problems);
    if (text !== undefined) decodeFile(text, path, variables, environment, problems).forEach(layer);
  }
  const config = withDefaults(merged, configSchema) as Config;
  registerStreamSecrets(config);
  return { config, problems, file };
}

const MAX_FILE_BYTES = 4 << 20;

function readText(path: string, problems: ConfigProblem[]): string | undefined {
  try {
    const bytes = readFileSync(path);
    if (bytes.length > MAX_FILE_BYTES) throw new Error(`larger than ${MAX_FILE_BYTES} bytes`);
    return bytes.toString('utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      problems.push({
        source: path,
        line: 1,
        column: 1,
        path: '',
        message: `cannot be read: ${(error as Error).message}`,
      });
    }
    return undefined;
  }
}

function decodeText(
  document: Exclude<ConfigArgument, { kind: 'file' }>,
  problems: ConfigProblem[],
): unknown[] {
  const path = document.kind === 'key' ? document.path : [];
  const source = document.kind === 'key' ? `-c ${path.join('.')}` : '-c';
  const text = { text: document.text, origin: (offset: number) => offset };
  return decodeDocument(text, path, problemReporter(source, document.text, problems), configSchema);
}

function decodeFile(
  raw: string,
  path: string,
  variables: Record<string, string>,
  environment: LoadOptions['environment'],
  problems: ConfigProblem[],
): unknown[] {
  const report = problemReporter(basename(path), raw, problems);
  for (const value of parseFragments(raw, () => {}).map((fragment) => decode(fragment, ENV_ONLY, () => {}))) {
    Object.assign(variables, (value as Partial<Config> | undefined)?.env);
  }
  const text = substitute(raw, (name) => {
    const value =
      (Object.hasOwn(variables, name) ? variables[name] : undefined) ??
      readCredential(name, environment?.CREDENTIALS_DIRECTORY) ??
      environment?.[name];
    if (value !== undefined && !isOrdinary(value)) registerSecret(value);
    return value;
  });
  return decodeDocument(text, [], report, configSchema);
}

const ENV_ONLY = { properties: { env: configSchema.properties.env } } as unknown as TSchema;

function decodeDocument(
  text: Substituted,
  path: readonly string[],
  report: (offset: number, path: Path, message: string) => void,
  schema: TSchema,
): unknown[] {
  const fragments = parseFragments(text.text, ({ offset, message }) =>
    report(text.origin(offset), path, message),
  );
  return fragments.map((fragment) => {
    const placed: Fragment = { ...fragment, path: [...path, ...fragment.path] };
    return decode(placed, schema, (offset, at, message) => report(text.origin(offset), at, message));
  });
}

const MAX_PROBLEMS = 100;

function problemReporter(source: string, text: string, problems: ConfigProblem[]) {
  return (offset: number, path: Path, message: string): void => {
    if (problems.length >= MAX_PROBLEMS) return;
    const before = text.slice(0, offset);
    const line = before.split('\n').length;
    const column = offset - before.lastIndexOf('\n');
    problems.push({ source, line, column, path: formatPath(path), message: redact(message) });
  };
}

const MAX_PATH = 200;

function formatPath(path: Path): string {
  const text = path
    .map((key, i) => (typeof key === 'number' ? `[${key}]` : i === 0 ? key : `.${key}`))
    .join('');
  return redact(text.length > MAX_PATH ? `${text.slice(0, MAX_PATH)}…` : text);
}

/** systemd's credentials: one file per name. */
function readCredential(name: string, directory: string | undefined): string | undefined {
  if (!directory || name !== basename(name) || name === '..' || name === '.') return undefined;
  try {
    return readFileSync(join(directory, name), 'utf8').trim();
  } catch {
    return undefined;
  }
}

/** Masking every port number and `true` would make a log unreadable. */
const isOrdinary = (value: string): boolean => /^(?:\d{1,5}|true|false)$/.test(value);

const URL_PASSWORD = /:\/\/[^/?#@\s]*?:([^/?#\s]*)@/g;

function registerStreamSecrets(config: Config): void {
  for (const { sources } of streamList(config)) for (const source of sources) registerUrlPasswords(source);
  for (const urls of Object.values(config.publish)) [urls].flat().forEach(registerUrlPasswords);
}

/** Registers the passwords of the URLs in a text, as they stand and decoded. */
export function registerUrlPasswords(text: string): void {
  for (const [, password] of text.matchAll(URL_PASSWORD)) {
    registerSecret(password!);
    try {
      registerSecret(decodeURIComponent(password!));
    } catch {
      // A lone % is no escape: the text itself is registered already.
    }
  }
}
