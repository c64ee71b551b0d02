/** What the bundle runs: defines the cards and tells Home Assistant's card picker of them. */
import { PortholeCard } from './card.ts';
import type { CardConfig } from './config.ts';
import type { Hass } from './hass.ts';
import { t } from './translate.ts';
import { parseWebrtcCamera } from './webrtc-camera.ts';

const TYPE = 'porthole-card';
const OLDER_TYPE = 'webrtc-camera';

/** Shows what is written for `custom:webrtc-camera`. */
class WebrtcCameraCard extends PortholeCard {
  protected override parse(config: unknown): CardConfig {
    return parseWebrtcCamera(config);
  }
}

interface CustomCard {
  readonly type: string;
  readonly name: string;
  readonly description: string;
  readonly preview: boolean;
  readonly documentationURL?: string;
  /** Since 2026.6: what the card would be for an entity; null: nothing. */
  getEntitySuggestion(hass: Hass, entityId: string): { readonly config: object } | null;
}

const CARD: CustomCard = {
  type: TYPE,
  name: 'Porthole',
  get description() {
    return t('description');
  },
  preview: true,
  getEntitySuggestion(hass, entityId) {
    const isOurs = entityId.startsWith('camera.') && hass.entities?.[entityId]?.platform === 'porthole';
    return isOurs ? { config: { type: `custom:${TYPE}`, entity: entityId } } : null;
  },
};

if (!customElements.get(TYPE)) {
  customElements.define(TYPE, PortholeCard);
  const scope = window as { customCards?: CustomCard[] };
  scope.customCards ??= [];
  scope.customCards.push(CARD);
}
/** Whoever has the original card installed keeps it: it may be loaded after this one. */
addEventListener('load', () => setTimeout(defineOlder, 2000), { once: true });
if (document.readyState === 'complete') setTimeout(defineOlder, 2000);

function defineOlder(): void {
  if (!customElements.get(OLDER_TYPE)) customElements.define(OLDER_TYPE, WebrtcCameraCard);
}
