/** Pieces of Markdown. */
import type { Meanings } from './format-notes.ts';

/** Each value as code, side by side. */
export function code(values: readonly string[] | undefined): string {
  return (values ?? []).map(codeSpan).join(' ');
}

/** `text`; with more backticks around it where it has some itself (CommonMark §6.1). */
export function codeSpan(text: string): string {
  return text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``;
}

/** A list within a list item: each text as code, and what it means. */
export function meanings(texts: Meanings | undefined): string {
  return Object.entries(texts ?? {})
    .map(([text, meaning]) => `\n  - ${[codeSpan(text), meaning].filter(Boolean).join(' ')}`)
    .join('');
}

/** A table; `|` in cells is escaped, and columns are as wide as their widest cell. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = head.map((_, column) => Math.max(3, ...cells.map((row) => [...row[column]!].length)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell + ' '.repeat(widths[column]! - [...cell].length)).join(' | ')} |`;
  const [first, ...rest] = cells;
  return [line(first!), line(widths.map((width) => '-'.repeat(width))), ...rest.map(line), ''].join('\n');
}
