/** `<ph-log-levels ?open=${…} @close=${…}>`: which levels are logged, as a dialog; a choice takes effect at once. */
import { css, html, LitElement, nothing, type PropertyValues } from 'lit';
import '../../lib/components/dialog.ts';
import { explain, loadingState, stateStyles } from '../../lib/components/states.ts';
import { toast, toastFailure } from '../../lib/components/toast.ts';
import { t } from '../../lib/i18n.ts';
import { shared } from '../../lib/styles.ts';
import { LEVELS } from './lines.ts';
import { fetchLevels, type Levels, setLevel } from './log-api.ts';

const CHOICES = [...LEVELS, 'disabled'] as const;

export class PhLogLevels extends LitElement {
  static override properties = { open: { type: Boolean }, levels: { state: true } };
  declare open: boolean;
  declare levels: Levels | undefined;

  static override styles = [
    shared,
    stateStyles,
    css`
      p { margin-bottom: var(--space-3); color: var(--muted); font-size: var(--text-s); }
      li { display: flex; align-items: center; gap: var(--space-3); padding: 5px 0; }
      li:first-child { margin-bottom: var(--space-2); padding-bottom: var(--space-3); border-bottom: 1px solid var(--line); font-weight: 600; }
      label { flex: 1; min-width: 0; }
      .input { flex: none; width: 200px; }
      .own { border-color: var(--accent); }
      @media (max-width: 420px) { .input { width: 160px; } }
    `,
  ];

  constructor() {
    super();
    this.open = false;
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('open') && this.open) void this.#load();
  }

  override render() {
    return html`<ph-dialog
      heading=${t('log.levels.heading')} ?open=${this.open}
      @close=${() => this.dispatchEvent(new Event('close'))}
    >
      <p>${t('log.levels.text')}</p>
      ${this.levels ? this.#renderLevels(this.levels) : loadingState()}
    </ph-dialog>`;
  }

  #renderLevels({ level, modules, known }: Levels) {
    return html`<ul>
      <li>
        <label for="all">${t('log.levels.all')}</label>
        <select class="input" id="all" @change=${(event: Event) => this.#set(event)}>
          ${CHOICES.map((choice) => html`<option ?selected=${choice === level}>${choice}</option>`)}
        </select>
      </li>
      ${known.map((module) => {
        const own = modules[module] === level ? undefined : modules[module];
        return html`<li>
          <label for="of-${module}"><code>${module}</code></label>
          <select
            class="input ${own ? 'own' : ''}" id="of-${module}"
            @change=${(event: Event) => this.#set(event, module)}
          >
            <option value=${level} ?selected=${!own}>${t('log.levels.same', { level })}</option>
            ${CHOICES.map((choice) =>
              choice === level ? nothing : html`<option ?selected=${choice === own}>${choice}</option>`,
            )}
          </select>
        </li>`;
      })}
    </ul>`;
  }

  async #load(): Promise<void> {
    try {
      this.levels = await fetchLevels();
    } catch (error) {
      toastFailure(error);
    }
  }

  async #set(event: Event, module?: string): Promise<void> {
    try {
      await setLevel((event.target as HTMLSelectElement).value, module);
    } catch (error) {
      toast(t('log.levels.failed', { reason: explain(error) }), { tone: 'alarm' });
    }
    await this.#load();
    this.dispatchEvent(new Event('changed'));
  }
}

customElements.define('ph-log-levels', PhLogLevels);
