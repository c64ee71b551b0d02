/**
 * What a form asks for to make a source of a format, and how the source comes of it.
 *
 *   template   rtsp://[{username}:{password}@]{host}[:{port}]{+path}
 *   values     host: 192.168.1.10, path: /stream1, username: admin, password: p@ss
 *   source     rtsp://admin:p%40ss@192.168.1.10/stream1
 *
 * `{name}` is the value, percent-encoded; `{+name}` the value as written (RFC 6570 has it so); what stands in `[brackets]` is
 * left out when all fields in it are empty.
 */
import { StreamError } from '../core/errors.ts';

export interface FormField {
  /** As the template names it. */
  readonly name: string;
  readonly title: string;
  readonly type: 'text' | 'password' | 'number' | 'select';
  readonly required: boolean;
  /** What a `select` offers; '' is "as the camera likes". */
  readonly options?: readonly string[];
  readonly default?: string;
}

export interface SourceForm {
  readonly fields: readonly FormField[];
  readonly template: string;
}

/** The source text of these values; defaults are the form's to fill in. Throws StreamError `invalid` for a missing one. */
export function fillTemplate({ fields, template }: SourceForm, values: Readonly<Record<string, string>>) {
  const missing = fields.find(({ name, required }) => required && !values[name]);
  if (missing) throw new StreamError('invalid', `${missing.title} is missing`);
  const fill = (text: string): string =>
    text.replace(/\{(\+?)(\w+)\}/g, (_all, plus, name) => {
      const value = values[name] ?? '';
      return plus ? value : encodeURIComponent(value);
    });
  const namesIn = (text: string): string[] => [...text.matchAll(/\{\+?(\w+)\}/g)].map(([, name]) => name!);
  return fill(
    template.replace(/\[([^\]]*)\]/g, (_all, part: string) =>
      namesIn(part).some((name) => values[name]) ? part : '',
    ),
  );
}
