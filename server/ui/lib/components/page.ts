/**
 * `<ph-page heading="Log">`: the frame of a page: its title, what stands under it, actions at the end of the line.
 *
 * Slots: `back` (before the title), `subtitle`, `actions`, `tabs`, and the content. `wide` uses all the width, `fill`
 * all the height (the content scrolls by itself). After a change of page its title takes the focus, so that a screen
 * reader begins there.
 */
import { css, html, LitElement } from 'lit';
import { takeArrival } from '../arrival.ts';
import { shared } from '../styles.ts';

export class PhPage extends LitElement {
  static override properties = {
    heading: { type: String },
    wide: { type: Boolean, reflect: true },
    fill: { type: Boolean, reflect: true },
  };
  declare heading: string;
  declare wide: boolean;
  declare fill: boolean;

  static override styles = [
    shared,
    css`
      :host { max-width: 1200px; margin: 0 auto; padding: var(--space-4) var(--space-4) var(--space-6); }
      :host([wide]) { max-width: none; }
      :host([fill]) { display: flex; flex-direction: column; height: 100%; padding-bottom: var(--space-4); }
      header { display: flex; align-items: center; flex-wrap: wrap; gap: var(--space-2) var(--space-3); min-height: var(--touch); margin-bottom: var(--space-4); }
      .titles { flex: 1 1 140px; min-width: 0; }
      h1:focus { outline: none; }
      .subtitle { color: var(--muted); font-size: var(--text-s); }
      slot[name='actions'] { display: flex; align-items: center; flex-wrap: wrap; gap: var(--space-2); }
      .content { display: block; }
      :host([fill]) .content { flex: 1; min-height: 0; }
      @media (min-width: 720px) {
        :host { padding: var(--space-5) var(--space-5) var(--space-6); }
      }
    `,
  ];

  constructor() {
    super();
    this.heading = '';
    this.wide = false;
    this.fill = false;
  }

  override firstUpdated(): void {
    if (takeArrival()) this.renderRoot.querySelector('h1')?.focus({ preventScroll: true });
  }

  override render() {
    return html`
      <header>
        <slot name="back"></slot>
        <div class="titles">
          <h1 tabindex="-1">${this.heading}</h1>
          <div class="subtitle"><slot name="subtitle"></slot></div>
        </div>
        <slot name="actions"></slot>
      </header>
      <slot name="tabs"></slot>
      <slot class="content"></slot>
    `;
  }
}

customElements.define('ph-page', PhPage);
