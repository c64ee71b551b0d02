/**
 * Short messages at the lower edge that go by themselves: `toast(t('camera.saved'))`, `toastFailure(error)`.
 * With an `action` (undo) they stay longer. Screen readers are told politely, of failures at once.
 */
import { css, html, LitElement, nothing } from 'lit';
import { isEnded } from '../api.ts';
import { t } from '../i18n.ts';
import { icon } from '../icons.ts';
import { shared } from '../styles.ts';
import { explain } from './states.ts';

const SHORT_MS = 4000;
const LONG_MS = 9000;

export interface ToastOptions {
  readonly tone?: 'plain' | 'alarm';
  readonly action?: { readonly title: string; readonly run: () => void };
}

interface Toast extends ToastOptions {
  readonly text: string;
}

/** Shows `text`; a newer one takes the place of the one before. */
export function toast(text: string, options: ToastOptions = {}): void {
  let element = document.querySelector<PhToast>('ph-toast');
  if (!element) {
    element = document.createElement('ph-toast') as PhToast;
    document.body.append(element);
  }
  element.show({ text, ...options });
}

/** Says why a request failed, unless it was ended because nobody waits for it any more. */
export function toastFailure(error: unknown): void {
  if (!isEnded(error)) toast(explain(error), { tone: 'alarm' });
}

class PhToast extends LitElement {
  static override properties = { current: { state: true } };
  declare current: Toast | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  static override styles = [
    shared,
    css`
      :host {
        position: fixed; z-index: 50; inset-inline: var(--space-4);
        bottom: calc(76px + env(safe-area-inset-bottom)); display: flex; justify-content: center; pointer-events: none;
      }
      .toast {
        display: flex; align-items: center; gap: var(--space-2); max-width: 560px; min-height: 44px;
        padding: 4px 6px 4px 16px; border-radius: 12px;
        background: var(--inverse); color: var(--on-inverse);
        box-shadow: var(--shadow-high); font-size: var(--text-m); pointer-events: auto;
      }
      .toast.alarm { background: var(--alarm); color: var(--on-alarm); }
      .toast .button.quiet { color: inherit; }
      .toast .button.quiet:hover { background: rgb(128 128 128 / 25%); }
      .action { text-decoration: underline; text-underline-offset: 3px; }
      @media (min-width: 720px) { :host { bottom: var(--space-5); } }
    `,
  ];

  show(next: Toast): void {
    this.current = next;
    clearTimeout(this.#timer);
    const shownMs = next.action || next.tone === 'alarm' ? LONG_MS : SHORT_MS;
    this.#timer = setTimeout(() => this.#hide(), shownMs);
  }

  override render() {
    const { current } = this;
    const isAlarm = current?.tone === 'alarm';
    return html`
      <div role=${isAlarm ? 'alert' : 'status'}>
        ${
          current
            ? html`<div class="toast ${current.tone ?? ''}">
                <span class="grow">${current.text}</span>
                ${
                  current.action
                    ? html`<button class="button quiet small action" @click=${this.#act}>${current.action.title}</button>`
                    : nothing
                }
                <button class="button quiet icon small" aria-label=${t('common.close')} @click=${this.#hide}>
                  ${icon('close', 16)}
                </button>
              </div>`
            : nothing
        }
      </div>
    `;
  }

  #act(): void {
    const action = this.current?.action;
    this.#hide();
    action?.run();
  }

  #hide(): void {
    clearTimeout(this.#timer);
    this.current = undefined;
  }
}

customElements.define('ph-toast', PhToast);
