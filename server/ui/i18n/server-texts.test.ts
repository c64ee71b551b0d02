/** What the server says of ways to find and add cameras has messages, so that it is not English everywhere. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FORMATS } from '../../src/formats/index.ts';
import { HINTS, SCAN_KINDS } from '../../src/formats/scan.ts';
import add from './en/add.json' with { type: 'json' };

const messages: Readonly<Record<string, string>> = add;
const missing = (names: readonly string[]) => names.filter((name) => messages[name] === undefined);

test('kinds of scans, and hints', () => {
  for (const [kind, title] of Object.entries(SCAN_KINDS)) assert.equal(messages[`scan.${kind}`], title);
  for (const [code, text] of Object.entries(HINTS)) assert.equal(messages[`hint.${code}`], text);
});

test('forms and their groups', () => {
  const rows = FORMATS.filter(({ form }) => form);
  assert.ok(rows.length > 5);
  assert.deepEqual(missing(rows.flatMap(({ name, group }) => [`form.${name}`, `group.${group}`])), []);
});

test('fields of forms, by their own words where they have another title', () => {
  const titleOf = (format: string, name: string) =>
    messages[`field.${format}.${name}`] ?? messages[`field.${name}`];
  for (const { name: format, form } of FORMATS)
    for (const { name, title } of form?.fields ?? [])
      assert.equal(titleOf(format, name), title, `${format} ${name}`);
});
