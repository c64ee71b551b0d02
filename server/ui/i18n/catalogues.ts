/** The catalogues, each a file of its own that is loaded when it is needed. */
export type Catalogue = Readonly<Record<string, string>>;

export const CATALOGUES: Readonly<Record<string, () => Promise<Catalogue>>> = import.meta.glob<
  false,
  string,
  Catalogue
>('./*/*.json', { import: 'default' });
