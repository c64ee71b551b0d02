/**
 * `<ph-tabs label="Parts" .tabs=${[{ id, title }]} selected="urls" @select=${({ detail }) => …}>`
 *
 * The row of tabs only. The page shows the panel, with `id="panel"`, `role="tabpanel"` and the tab's title as its label.
 */
import { css, html, LitElement } from 'lit';
import { type IconName, icon } from '../icons.ts';
import { shared } from '../styles.ts';

export interface Tab {
  readonly id: string;
  readonly title: string;
  readonly icon?: IconName;
}

export class PhTabs extends LitElement {
  static override properties = {
    tabs: { attribute: false },
    selected: { type: String },
    label: { type: String },
  };
  declare tabs: readonly Tab[];
  declare selected: string;
  declare label: string;

  static override styles = [
    shared,
    css`
      :host { margin-bottom: var(--space-4); border-bottom: 1px solid var(--line); }
      [role='tablist'] { display: flex; gap: var(--space-1); overflow-x: auto; scrollbar-width: none; }
      [role='tab'] {
        display: inline-flex; align-items: center; gap: var(--space-2); flex: none; min-height: var(--touch); padding: 0 var(--space-3);
        border: 0; border-bottom: 2px solid transparent; background: none; color: var(--muted);
        font: 600 var(--text-m) / 1.2 var(--sans); cursor: pointer; white-space: nowrap;
      }
      [role='tab']:hover { color: var(--text); }
      [role='tab'][aria-selected='true'] { border-color: var(--accent); color: var(--accent); }
      [role='tab']:focus-visible { outline-offset: -3px; border-radius: 8px; }
    `,
  ];

  constructor() {
    super();
    this.tabs = [];
    this.selected = '';
    this.label = '';
  }

  override render() {
    return html`<div role="tablist" aria-label=${this.label} @keydown=${this.#onKey}>
      ${this.tabs.map(({ id, title, icon: name }) => {
        const isSelected = id === this.selected;
        return html`<button
          role="tab" aria-selected=${isSelected} tabindex=${isSelected ? 0 : -1} @click=${() => this.#select(id)}
        >
          ${name ? icon(name, 18) : ''}${title}
        </button>`;
      })}
    </div>`;
  }

  #select(id: string): void {
    if (id !== this.selected) this.dispatchEvent(new CustomEvent('select', { detail: id }));
  }

  async #onKey(event: KeyboardEvent): Promise<void> {
    const at = this.tabs.findIndex(({ id }) => id === this.selected);
    const forward = getComputedStyle(this).direction === 'rtl' ? -1 : 1;
    const count = this.tabs.length;
    const target = {
      ArrowRight: (at + forward + count) % count,
      ArrowLeft: (at - forward + count) % count,
      Home: 0,
      End: count - 1,
    }[event.key];
    if (target === undefined) return;
    event.preventDefault();
    this.#select(this.tabs[target]!.id);
    await new Promise(requestAnimationFrame);
    this.renderRoot.querySelectorAll('button')[target]?.focus();
  }
}

customElements.define('ph-tabs', PhTabs);
