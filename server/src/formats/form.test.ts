/** How templates are filled; and that each form of the table makes a source of its row. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkApiSource } from '../api/source-policy.ts';
import { fillTemplate, type SourceForm } from './form.ts';
import { FORMATS } from './index.ts';
import { formatOfScheme } from './open.ts';
import { parseSourceText } from './source-text.ts';

const FORM: SourceForm = {
  fields: [{ name: 'host', title: 'Address', type: 'text', required: true }],
  template: 'rtsp://[{username}:{password}@]{host}[:{port}]{+path}',
};

describe('a template', () => {
  const CASES: readonly [values: Record<string, string>, expected: string][] = [
    [{ host: '10.0.0.1' }, 'rtsp://10.0.0.1'],
    [{ host: '10.0.0.1', port: '8554', path: '/a?b=1' }, 'rtsp://10.0.0.1:8554/a?b=1'],
    [{ host: 'cam', username: 'admin', password: 'p@s/s' }, 'rtsp://admin:p%40s%2Fs@cam'],
    [{ host: 'cam', username: 'admin' }, 'rtsp://admin:@cam'],
    [{ host: 'a/b', nothing: 'x' }, 'rtsp://a%2Fb'],
  ];
  for (const [values, expected] of CASES) {
    test(expected, () => assert.equal(fillTemplate(FORM, values), expected));
  }

  test('wants what is required', () =>
    assert.throws(() => fillTemplate(FORM, { port: '1' }), {
      code: 'invalid',
      message: /Address is missing/,
    }));
});

for (const format of FORMATS.filter(({ form }) => form)) {
  test(`the form of ${format.name} makes its sources`, () => {
    const { fields, template } = format.form!;
    const required = Object.fromEntries(
      fields.filter((field) => field.required).map((field) => [field.name, field.default || '127.0.0.1']),
    );
    const whole = Object.fromEntries(
      fields.map((field) => [field.name, field.default || field.options?.at(-1) || '127.0.0.1']),
    );
    for (const values of [required, whole]) {
      const withScheme = { ...values, ...(whole.scheme && { scheme: whole.scheme }) };
      const source = fillTemplate(format.form!, withScheme);
      assert.equal(formatOfScheme(parseSourceText(source).scheme)?.name, format.name, source);
      assert.doesNotMatch(source, /[[\]{}]/);
    }
    const named = [...template.matchAll(/\{\+?(\w+)\}/g)].map(([, name]) => name);
    assert.deepEqual(named.sort(), fields.map(({ name }) => name).sort());
  });
}

test('what the API may not add has no form', () => {
  const policy = { isStream: () => false, templates: {} };
  for (const { form, unsafe, example, name } of FORMATS) {
    if (form) assert.ok(!unsafe, name);
    if (unsafe) assert.ok(checkApiSource(example!, policy), name);
  }
});
