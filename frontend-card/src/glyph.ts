/** The player's icons in lit templates. */
import { html } from 'lit';
import { type IconName, pathOf } from './player/icons.ts';

export function glyph(name: IconName) {
  return html`<svg viewBox="0 0 24 24" aria-hidden="true"><path d=${pathOf(name)}></path></svg>`;
}
