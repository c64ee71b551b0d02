/** Cameras of other integrations: Home Assistant's own card shows them. */
import { html } from 'lit';
import { until } from 'lit/directives/until.js';
import type { Hass } from './hass.ts';
import { t } from './translate.ts';

type CoreCard = HTMLElement & { hass?: Hass };
interface CardHelpers {
  createCardElement(config: object): CoreCard;
}

/** Made once an entity: a new element would begin its stream anew. */
const cards = new Map<string, Promise<CoreCard>>();

/** Whether the entity registry says that it is another integration's. */
export function isForeign(hass: Hass, entity: string): boolean {
  const platform = hass.entities?.[entity]?.platform;
  return hass.states[entity] !== undefined && platform !== undefined && platform !== 'porthole';
}

export function renderForeign(hass: Hass, entity: string) {
  const { loadCardHelpers } = window as { loadCardHelpers?: () => Promise<CardHelpers> };
  if (!loadCardHelpers) return html`<p class="words" role="status">${t('notFound')}</p>`;
  let card = cards.get(entity);
  if (!card) {
    card = loadCardHelpers().then((helpers) =>
      helpers.createCardElement({
        type: 'picture-entity',
        entity,
        camera_image: entity,
        camera_view: 'live',
        show_state: false,
      }),
    );
    cards.set(entity, card);
  }
  void card.then((element) => {
    element.hass = hass;
  });
  return html`${until(card)}`;
}
