/**
 * Where in the app we are, in the part of the address after `#`, which no proxy sees and no prefix touches:
 *
 *   #/camera/front_door?tab=urls
 *     page   id          query
 */

export const PAGE_NAMES = ['cameras', 'add', 'camera', 'map', 'config', 'log'] as const;
export type PageName = (typeof PAGE_NAMES)[number];

export interface Place {
  readonly page: PageName;
  /** What the page is about; empty where it is about everything. */
  readonly id: string;
  readonly query: Readonly<Record<string, string>>;
}

/** Reads the hash of an address; what is not known leads to the list of cameras. */
export function parseHash(hash: string): Place {
  const [path = '', search = ''] = hash.replace(/^#?\/?/, '').split('?', 2);
  const [name = '', ...rest] = path.split('/');
  const page = PAGE_NAMES.find((known) => known === name) ?? 'cameras';
  const query = Object.fromEntries(new URLSearchParams(search));
  return { page, id: decode(rest.join('/')), query };
}

/** `#/camera/front_door?tab=urls`, to be used as it is in `href`. */
export function href(page: PageName, id = '', query: Readonly<Record<string, string>> = {}): string {
  const path = id ? `#/${page}/${encodeURIComponent(id)}` : `#/${page}`;
  const search = new URLSearchParams(query).toString();
  return search ? `${path}?${search}` : path;
}

/** Goes to a page; `replace` leaves no way back to where we were. */
export function go(
  page: PageName,
  id = '',
  query: Readonly<Record<string, string>> = {},
  replace = false,
): void {
  const target = href(page, id, query);
  if (!replace) {
    location.hash = target;
    return;
  }
  history.replaceState(null, '', target);
  dispatchEvent(new HashChangeEvent('hashchange'));
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
