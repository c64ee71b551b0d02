/**
 * `<ph-menu label="More" .items=${[…]}>`: a button that opens a list of actions.
 * Arrow keys, Home, End and first letters move, Escape closes, the focus goes back to the button.
 */
import { css, html, LitElement } from 'lit';
import { type IconName, icon } from '../icons.ts';
import { shared } from '../styles.ts';

export interface MenuItem {
  readonly title: string;
  readonly icon?: IconName;
  readonly danger?: boolean;
  /** For choices: which of them holds. */
  readonly checked?: boolean;
  /** A headline above this item. */
  readonly group?: string;
  readonly run: () => void;
}

/** Pixels below the button that most menus need, and the width of the widest one. */
const ROOM = 360;
const WIDEST = 300;

export class PhMenu extends LitElement {
  static override properties = {
    items: { attribute: false },
    label: { type: String },
    icon: { type: String },
    up: { type: Boolean, reflect: true },
    start: { type: Boolean, reflect: true },
    open: { state: true },
  };
  declare items: readonly MenuItem[];
  declare label: string;
  declare icon: IconName;
  /** Opens upwards; decided when it opens, as is the next one. */
  declare up: boolean;
  /** Aligned with the start of the button, not its end. */
  declare start: boolean;
  declare open: boolean;

  static override styles = [
    shared,
    css`
      :host { position: relative; display: inline-block; }
      .menu {
        position: absolute; z-index: 30; inset-inline-end: 0; top: calc(100% + 4px);
        width: max-content; min-width: 200px; max-width: min(300px, calc(100vw - 32px)); max-height: 70vh; overflow: auto; padding: 6px;
        border: 1px solid var(--line); border-radius: 12px;
        background: var(--raised); box-shadow: var(--shadow-high);
      }
      :host([up]) .menu { top: auto; bottom: calc(100% + 4px); }
      :host([start]) .menu { inset-inline: 0 auto; }
      .group { padding: 8px 10px 2px; color: var(--muted); font-size: var(--text-xs); font-weight: 600; }
      .item {
        display: flex; align-items: center; gap: var(--space-3); width: 100%; min-height: var(--touch); padding: 0 10px;
        border: 0; border-radius: 8px; background: none; color: var(--text); cursor: pointer;
        font: 500 var(--text-m) / 1.3 var(--sans); text-align: start;
      }
      .item:hover, .item:focus-visible { background: var(--hover); }
      .item:focus-visible { outline-offset: -2px; }
      .item.danger { color: var(--alarm); }
      .item span { flex: 1; }
    `,
  ];

  constructor() {
    super();
    this.items = [];
    this.label = '';
    this.icon = 'more';
    this.up = false;
    this.start = false;
    this.open = false;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#close(false);
  }

  override render() {
    return html`
      <button
        class="button quiet icon" aria-haspopup="menu" aria-expanded=${this.open} aria-label=${this.label}
        title=${this.label} @click=${this.#toggle} @keydown=${this.#onButtonKey}
      >
        ${icon(this.icon)}
      </button>
      ${
        this.open
          ? html`<div class="menu" role="menu" aria-label=${this.label} @keydown=${this.#onKey}>
              ${this.items.map((item) => this.#renderItem(item))}
            </div>`
          : ''
      }
    `;
  }

  #renderItem(item: MenuItem) {
    const isChoice = item.checked !== undefined;
    return html`
      ${item.group ? html`<div class="group" role="presentation">${item.group}</div>` : ''}
      <button
        class="item ${item.danger ? 'danger' : ''}" tabindex="-1"
        role=${isChoice ? 'menuitemradio' : 'menuitem'} aria-checked=${isChoice ? String(item.checked) : 'false'}
        @click=${() => this.#choose(item)}
      >
        ${item.icon ? icon(item.icon, 18) : ''}<span>${item.title}</span>
        ${item.checked ? icon('check', 18) : ''}
      </button>
    `;
  }

  #toggle(): void {
    if (this.open) this.#close(true);
    else void this.#show();
  }

  async #show(): Promise<void> {
    this.#place();
    this.open = true;
    document.addEventListener('pointerdown', this.#onOutside, true);
    document.addEventListener('focusin', this.#onOutside, true);
    await this.updateComplete;
    this.#buttons[0]?.focus();
  }

  /** Opens to where there is room. */
  #place(): void {
    const { top, bottom, left, right } = this.getBoundingClientRect();
    const isRtl = getComputedStyle(this).direction === 'rtl';
    this.up = innerHeight - bottom < ROOM && top > innerHeight - bottom;
    this.start = (isRtl ? innerWidth - left : right) < WIDEST;
  }

  #close(focus: boolean): void {
    if (!this.open) return;
    this.open = false;
    document.removeEventListener('pointerdown', this.#onOutside, true);
    document.removeEventListener('focusin', this.#onOutside, true);
    if (focus) this.renderRoot.querySelector('button')?.focus();
  }

  #choose(item: MenuItem): void {
    this.#close(true);
    item.run();
  }

  get #buttons(): readonly HTMLElement[] {
    return [...this.renderRoot.querySelectorAll<HTMLElement>('.item')];
  }

  readonly #onOutside = (event: Event): void => {
    if (!event.composedPath().includes(this)) this.#close(false);
  };

  #onButtonKey(event: KeyboardEvent): void {
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
    event.preventDefault();
    void this.#show();
  }

  #onKey(event: KeyboardEvent): void {
    const buttons = this.#buttons;
    const at = buttons.indexOf((this.renderRoot as ShadowRoot).activeElement as HTMLElement);
    const last = buttons.length - 1;
    const target = {
      ArrowDown: at === last ? 0 : at + 1,
      ArrowUp: at <= 0 ? last : at - 1,
      Home: 0,
      End: last,
    }[event.key];
    if (target !== undefined) buttons[target]?.focus();
    else if (event.key === 'Escape') this.#close(true);
    else if (event.key === 'Tab') return;
    else if (/^\S$/.test(event.key)) {
      const letter = event.key.toLowerCase();
      const order = [...buttons.slice(at + 1), ...buttons.slice(0, at + 1)];
      order.find((button) => button.textContent?.trim().toLowerCase().startsWith(letter))?.focus();
      return;
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

customElements.define('ph-menu', PhMenu);
