/** What a JSON Schema says of a place in a document. Pure; knows what the config's schema is made of. */
import { ITEM } from './yaml-place.ts';

export interface Schema {
  readonly type?: string | readonly string[];
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
}

/** The schemas that hold at a path; several where there is a choice. */
export function schemasAt(root: Schema, path: readonly string[]): readonly Schema[] {
  return path.reduce<readonly Schema[]>(
    (schemas, name) => schemas.flatMap((schema) => choices(inner(schema, name))),
    choices(root),
  );
}

function inner(
  { properties, patternProperties, additionalProperties, items }: Schema,
  name: string,
): Schema | undefined {
  if (name === ITEM) return items;
  if (properties && Object.hasOwn(properties, name)) return properties[name];
  const pattern = Object.keys(patternProperties ?? {}).find((each) => new RegExp(each, 'u').test(name));
  if (pattern !== undefined) return patternProperties![pattern];
  return typeof additionalProperties === 'object' ? additionalProperties : undefined;
}

function choices(schema: Schema | undefined): readonly Schema[] {
  if (!schema) return [];
  const { anyOf = [], oneOf = [], allOf = [] } = schema;
  const alternatives = [...anyOf, ...oneOf, ...allOf];
  if (alternatives.length === 0) return [schema];
  // What is said of all of them stays, such as the title.
  return [schema, ...alternatives.flatMap(choices)];
}

export interface Proposal {
  readonly label: string;
  /** Behind the label: the title of a setting. */
  readonly detail: string;
  /** In full. */
  readonly info: string;
  readonly schema: Schema;
}

/** Keys that a map may have besides those it has. */
export function keysFor(schemas: readonly Schema[], siblings: readonly string[]): readonly Proposal[] {
  const proposals = new Map<string, Proposal>();
  for (const { properties = {} } of schemas) {
    for (const [label, schema] of Object.entries(properties)) {
      if (siblings.includes(label) || proposals.has(label)) continue;
      proposals.set(label, { label, detail: schema.title ?? '', info: describe([schema]), schema });
    }
  }
  return [...proposals.values()];
}

/** Values where there is a choice, the default marked as such. */
export function valuesFor(schemas: readonly Schema[]): readonly Proposal[] {
  const proposals = new Map<string, Proposal>();
  for (const schema of schemas) {
    const isSwitch = schema.type === 'boolean';
    const values = schema.enum ?? (isSwitch ? [true, false] : 'const' in schema ? [schema.const] : []);
    const standard = isPlain(schema.default) ? [schema.default] : [];
    for (const value of [...values, ...standard]) {
      const label = value === '' ? '""' : String(value);
      const detail = value === schema.default ? '✓' : '';
      if (!proposals.has(label)) proposals.set(label, { label, detail, info: '', schema });
    }
  }
  return [...proposals.values()];
}

/** One text of all that is said: title, description, choices, default. */
export function describe(schemas: readonly Schema[]): string {
  const first = <K extends keyof Schema>(key: K) =>
    schemas.find((schema) => schema[key] !== undefined)?.[key];
  const sentences = [first('title'), first('description')]
    .filter(Boolean)
    .map((text) => `${text}`.replace(/[.\s]*$/, '.'));
  const choice = first('enum');
  const standard = first('default');
  return [
    sentences.join(' '),
    choice ? choice.filter((value) => value !== '').join(' | ') : '',
    isPlain(standard) && standard !== '' ? `= ${standard}` : '',
  ]
    .filter(Boolean)
    .join('\n');
}

function isPlain(value: unknown): value is string | number | boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}

/** What is written after a key: maps and lists go on in the next line. */
export function afterKey({ type, properties, patternProperties, items }: Schema, indent: number): string {
  const next = `:\n${' '.repeat(indent + 2)}`;
  if (properties || patternProperties || type === 'object') return next;
  return items || type === 'array' ? `${next}- ` : ': ';
}
