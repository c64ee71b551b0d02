/**
 * `${NAME}` and `${NAME:default}` in a config file: replaced in the text, before YAML is parsed, as go2rtc does.
 *
 * A name without a value and without a default stays as it stands. Offsets in the result lead back to the file,
 * so that a problem names the line and column that the user sees.
 */

export interface Substituted {
  readonly text: string;
  /** The offset in the original text of an offset in `text`. */
  origin(offset: number): number;
}

const PLACEHOLDER = /\$\{([^{}\n]+)\}/g;

/** Replaces all placeholders. `lookup` is asked by name. */
export function substitute(text: string, lookup: (name: string) => string | undefined): Substituted {
  const edits: { from: number; to: number; originFrom: number; originTo: number }[] = [];
  let result = '';
  let copied = 0;
  for (const match of text.matchAll(PLACEHOLDER)) {
    const value = resolve(match[1]!, lookup);
    if (value === undefined) continue;
    result += text.slice(copied, match.index);
    copied = match.index + match[0].length;
    edits.push({
      from: result.length,
      to: result.length + value.length,
      originFrom: match.index,
      originTo: copied,
    });
    result += value;
  }
  result += text.slice(copied);
  return {
    text: result,
    origin(offset) {
      const edit = edits.findLast(({ from }) => from <= offset);
      if (!edit) return offset;
      return offset < edit.to ? edit.originFrom : edit.originTo + (offset - edit.to);
    },
  };
}

function resolve(inside: string, lookup: (name: string) => string | undefined): string | undefined {
  const colon = inside.indexOf(':');
  if (colon <= 0) return lookup(inside);
  return lookup(inside.slice(0, colon)) ?? inside.slice(colon + 1);
}

/** Hides placeholders from YAML. The same placeholder always hides behind the same letters. */
export interface Placeholders {
  hide(text: string): string;
  restore(text: string): string;
}

/**
 * Puts letters that YAML takes as plain text in the place of placeholders, so that a file can be edited as it stands
 * (`[${LIST}]` is not YAML before substitution), and back.
 */
export function hidePlaceholders(): Placeholders {
  const hidden: string[] = [];
  return {
    hide: (text) =>
      text.replace(PLACEHOLDER, (placeholder) => {
        if (!hidden.includes(placeholder)) hidden.push(placeholder);
        return `\uE000${hidden.indexOf(placeholder)}\uE001`;
      }),
    restore: (text) => text.replace(/\uE000(\d+)\uE001/g, (letters, index) => hidden[index] ?? letters),
  };
}
