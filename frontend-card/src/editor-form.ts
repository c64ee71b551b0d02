/** Between the card's YAML and the values of the editor's form. Pure. */
import { isRecord } from './config.ts';

export type Options = Readonly<Record<string, unknown>>;

/** What the form shows where nothing is said; not written down when chosen. */
const DEFAULTS: Options = {
  layout: 'grid',
  columns: 0,
  tier: 'auto',
  fit: 'contain',
  muted: true,
  background: false,
  ui: 'full',
  talk: 'hold',
  ptz: true,
  zoom: true,
};

/** One camera or many: the form has a list. */
export function toForm(config: Options): Options {
  const { entity, entities, ui, talk, ...rest } = config;
  const list = Array.isArray(entities) ? entities : entity ? [entity] : [];
  const asWord = (value: unknown, off: string) =>
    value === false ? off : value === true ? undefined : value;
  const given = { ui: asWord(ui, 'none'), talk: asWord(talk, 'off') };
  return {
    ...DEFAULTS,
    ...rest,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    entities: list.map((item: unknown) => (isRecord(item) ? item.entity : item)),
  };
}

/** Back again: what is as usual is left out, and options of single cameras stay. */
export function fromForm(form: Options, before: Options): Options {
  const { entities, ...rest } = form;
  const list = Array.isArray(entities) ? (entities as readonly string[]) : [];
  const detailed = (Array.isArray(before.entities) ? before.entities : []).filter(isRecord);
  const withOptions = list.map((id) => detailed.find(({ entity }) => entity === id) ?? id);
  const cameras =
    withOptions.length === 1 && typeof withOptions[0] === 'string'
      ? { entity: withOptions[0] }
      : { entities: withOptions };
  const options = Object.entries(rest).filter(
    ([name, value]) => value !== '' && value !== undefined && value !== DEFAULTS[name],
  );
  const { type, ...others } = Object.fromEntries(options);
  return { type, ...cameras, ...others };
}
