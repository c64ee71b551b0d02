/** Completion and hover of the editor, by the config's JSON Schema. */
import type { Completion, CompletionContext, CompletionResult } from '@codemirror/autocomplete';
import { yamlLanguage } from '@codemirror/lang-yaml';
import type { Extension } from '@codemirror/state';
import { hoverTooltip } from '@codemirror/view';
import { afterKey, describe, keysFor, type Proposal, type Schema, schemasAt, valuesFor } from './schema.ts';
import { keyAt, placeAt } from './yaml-place.ts';

export function schemaSupport(schema: Schema): Extension {
  return [
    yamlLanguage.data.of({ autocomplete: (context: CompletionContext) => complete(schema, context) }),
    hoverTooltip(({ state: { doc } }, offset) => {
      const key = keyAt(doc.toString(), offset);
      const text = key && describe(schemasAt(schema, key.path));
      if (!key || !text) return null;
      return { pos: key.from, end: key.to, above: true, create: () => ({ dom: hoverElement(text) }) };
    }),
  ];
}

function complete(schema: Schema, { state, pos, explicit }: CompletionContext): CompletionResult | null {
  const place = placeAt(state.doc.toString(), pos);
  if (!place || (place.from === pos && !explicit && place.kind === 'key')) return null;
  const schemas = schemasAt(schema, place.path);
  const options =
    place.kind === 'value'
      ? valuesFor(schemas).map((proposal) => completionOf(proposal, 'enum'))
      : [
          ...keysFor(schemas, place.siblings).map((proposal) => ({
            ...completionOf(proposal, 'property'),
            apply: proposal.label + afterKey(proposal.schema, place.indent),
          })),
          // An item of a list of words.
          ...valuesFor(schemas).map((proposal) => completionOf(proposal, 'enum')),
        ];
  return options.length > 0 ? { from: place.from, options, validFor: /^[\w.:*"'-]*$/ } : null;
}

function completionOf({ label, detail, info }: Proposal, type: string): Completion {
  return { label, type, ...(detail ? { detail } : {}), ...(info ? { info } : {}) };
}

function hoverElement(text: string): HTMLElement {
  const element = document.createElement('div');
  element.className = 'cm-schema-hover';
  element.textContent = text;
  return element;
}
