/** Asks before something that cannot be taken back: `if (await confirm({ … })) …`. */
import { html, render } from 'lit';
import './dialog.ts';
import { t } from '../i18n.ts';
import { shared } from '../styles.ts';

export interface Question {
  readonly heading: string;
  readonly text: string;
  /** What the button says: the deed, not "OK". */
  readonly action: string;
  readonly danger?: boolean;
}

/** Resolves with whether the deed was chosen. */
export function confirm({ heading, text, action, danger = false }: Question): Promise<boolean> {
  const place = document.createElement('div');
  const root = place.attachShadow({ mode: 'open' });
  root.adoptedStyleSheets = shared.styleSheet ? [shared.styleSheet] : [];
  document.body.append(place);
  return new Promise((resolve) => {
    let chosen = false;
    const close = (choice: boolean) => {
      chosen = choice;
      root.querySelector('ph-dialog')!.open = false;
    };
    const done = () => {
      place.remove();
      resolve(chosen);
    };
    render(
      html`
        <ph-dialog open heading=${heading} @close=${done}>
          <p>${text}</p>
          <button slot="actions" class="button" autofocus @click=${() => close(false)}>${t('common.cancel')}</button>
          <button slot="actions" class="button primary ${danger ? 'danger' : ''}" @click=${() => close(true)}>
            ${action}
          </button>
        </ph-dialog>
      `,
      root,
    );
  });
}

declare global {
  interface HTMLElementTagNameMap {
    'ph-dialog': import('./dialog.ts').PhDialog;
  }
}
