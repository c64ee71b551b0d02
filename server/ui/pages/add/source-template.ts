/**
 * Fields of a form become a source by its kind's template, as docs/api.md says: `{name}` is the value percent-encoded,
 * `{+name}` the value as it is, and what stands in `[brackets]` is left out when all fields in it are empty. Pure.
 *
 *   rtsp://[{username}:{password}@]{host}[:{port}]{+path}
 */

export function fillTemplate(template: string, values: Readonly<Record<string, string>>): string {
  const field = /\{(\+?)(\w+)\}/g;
  const fill = (text: string) =>
    text.replace(field, (_, plain: string, name: string) => {
      const value = (values[name] ?? '').trim();
      return plain ? value : encode(value);
    });
  const isEmpty = (text: string) =>
    [...text.matchAll(field)].every(([, , name]) => !(values[name!] ?? '').trim());
  let text = template;
  // Brackets within brackets: the innermost ones first.
  for (let before = ''; before !== text; ) {
    before = text;
    text = text.replace(/\[([^[\]]*)\]/g, (_, inner: string) => (isEmpty(inner) ? '' : inner));
  }
  return fill(text);
}

function encode(value: string): string {
  return encodeURIComponent(value).replace(
    /[!'()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
