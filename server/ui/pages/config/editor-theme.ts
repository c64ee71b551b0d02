/** The editor in the colours of the page: custom properties, so that light and dark need no second theme. */
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import type { Extension } from '@codemirror/state';
import { EditorView } from '@codemirror/view';
import { tags } from '@lezer/highlight';

const colors = HighlightStyle.define([
  {
    tag: [tags.definition(tags.propertyName), tags.propertyName],
    color: 'var(--code-key)',
    fontWeight: '600',
  },
  { tag: tags.comment, color: 'var(--muted)', fontStyle: 'italic' },
  {
    tag: [tags.string, tags.special(tags.string), tags.content, tags.attributeValue],
    color: 'var(--code-value)',
  },
  { tag: [tags.keyword, tags.bool, tags.null, tags.number, tags.typeName], color: 'var(--code-word)' },
  {
    tag: [tags.separator, tags.punctuation, tags.meta, tags.squareBracket, tags.brace],
    color: 'var(--muted)',
  },
  { tag: tags.invalid, color: 'var(--alarm)' },
]);

const frame = EditorView.theme({
  '&': { height: '100%', color: 'var(--text)', backgroundColor: 'var(--surface)', fontSize: '13.5px' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.6' },
  '.cm-content': { padding: '10px 0', caretColor: 'var(--text)' },
  '.cm-cursor, .cm-dropCursor': { borderInlineStartColor: 'var(--text)' },
  '.cm-gutters': { backgroundColor: 'var(--surface)', color: 'var(--muted)', border: 'none' },
  '.cm-activeLine': { backgroundColor: 'var(--code-line)' },
  '.cm-activeLineGutter': { backgroundColor: 'var(--code-line)', color: 'var(--text)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'var(--code-selection) !important',
  },
  '.cm-selectionMatch': { backgroundColor: 'var(--code-selection)' },
  '.cm-matchingBracket, &.cm-focused .cm-matchingBracket': { backgroundColor: 'var(--accent-soft)' },
  '.cm-foldPlaceholder': {
    border: 'none',
    backgroundColor: 'var(--hover)',
    color: 'var(--muted)',
    padding: '0 6px',
  },
  '.cm-tooltip': {
    border: '1px solid var(--line)',
    borderRadius: '10px',
    backgroundColor: 'var(--raised)',
    color: 'var(--text)',
    boxShadow: 'var(--shadow-high)',
    overflow: 'hidden',
  },
  '.cm-tooltip .cm-tooltip-arrow': { display: 'none' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': { fontFamily: 'var(--mono)', maxHeight: '15em' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': { padding: '5px 10px', lineHeight: '1.4' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]': {
    backgroundColor: 'var(--accent)',
    color: 'var(--on-accent)',
  },
  '.cm-completionMatchedText': { textDecoration: 'none', fontWeight: '700' },
  '.cm-completionDetail': { marginInlineStart: '12px', fontStyle: 'normal', opacity: '0.75' },
  '.cm-tooltip.cm-completionInfo': {
    padding: '8px 12px',
    maxWidth: '320px',
    fontFamily: 'var(--sans)',
    whiteSpace: 'pre-line',
  },
  '.cm-schema-hover': {
    padding: '8px 12px',
    maxWidth: '380px',
    fontFamily: 'var(--sans)',
    whiteSpace: 'pre-line',
  },
  '.cm-diagnostic': { padding: '7px 12px', borderInlineStart: '4px solid', fontFamily: 'var(--sans)' },
  '.cm-diagnostic-error': { borderInlineStartColor: 'var(--alarm)' },
  '.cm-diagnostic-warning': { borderInlineStartColor: 'var(--warn)' },
  '.cm-diagnosticText': { whiteSpace: 'pre-wrap' },
  '.cm-lintRange-error': {
    backgroundImage: 'none',
    textDecoration: 'underline wavy var(--alarm)',
    textUnderlineOffset: '3px',
  },
  '.cm-lintRange-warning': {
    backgroundImage: 'none',
    textDecoration: 'underline wavy var(--warn)',
    textUnderlineOffset: '3px',
  },
  '.cm-panels': { backgroundColor: 'var(--raised)', color: 'var(--text)', borderColor: 'var(--line)' },
  '.cm-panel.cm-search': { padding: '8px 10px', fontFamily: 'var(--sans)', fontSize: '13px' },
  '.cm-panel.cm-search [name=close]': { color: 'inherit', fontSize: '18px', cursor: 'pointer' },
  '.cm-textfield': {
    border: '1px solid var(--line-strong)',
    borderRadius: '6px',
    backgroundColor: 'var(--surface)',
    padding: '4px 8px',
    fontSize: '13px',
  },
  '.cm-button': {
    border: '1px solid var(--line)',
    borderRadius: '6px',
    backgroundImage: 'none',
    backgroundColor: 'var(--surface)',
    color: 'var(--text)',
    padding: '4px 10px',
    fontSize: '13px',
  },
  '.cm-searchMatch': { backgroundColor: 'var(--warn-soft)' },
  '.cm-searchMatch-selected': { outline: '2px solid var(--warn)' },
  '.cm-changedLine': { backgroundColor: 'var(--code-added) !important' },
  '&.cm-merge-a .cm-changedLine, .cm-deletedChunk': { backgroundColor: 'var(--code-removed) !important' },
  '.cm-changedText, &.cm-merge-b .cm-changedText': { background: 'var(--code-added-text) !important' },
  '&.cm-merge-a .cm-changedText, .cm-deletedChunk .cm-deletedText': {
    background: 'var(--code-removed-text) !important',
  },
  '.cm-deletedChunk': { paddingInlineStart: '6px' },
  '.cm-deletedLine, .cm-deletedLine del': { textDecoration: 'none' },
  '&.cm-merge-a .cm-changedLineGutter, .cm-deletedLineGutter': { background: 'var(--alarm)' },
  '.cm-changedLineGutter': { background: 'var(--ok)' },
  '.cm-collapsedLines': {
    background: 'var(--hover)',
    color: 'var(--muted)',
    fontFamily: 'var(--sans)',
    padding: '4px 12px',
    '&:before, &:after': { content: '"\\22ef"' },
  },
});

export const editorTheme: Extension = [frame, syntaxHighlighting(colors)];
