/** `<ph-camera-log camera="front_door">`: what the log says of a camera, newest first. */
import { css, html, LitElement } from 'lit';
import { getText } from '../../lib/api.ts';
import { emptyState, failedState, loadingState, stateStyles } from '../../lib/components/states.ts';
import { formatTime } from '../../lib/format.ts';
import { t } from '../../lib/i18n.ts';
import { poll } from '../../lib/poll.ts';
import { href } from '../../lib/router.ts';
import { shared } from '../../lib/styles.ts';
import { addLines, EMPTY_BOOK, type Level, type LogBook, type LogLine } from '../log/lines.ts';

const INTERVAL_MS = 3000;
const SHOWN = 200;
const TONES: Readonly<Partial<Record<Level, string>>> = { warn: 'warn', error: 'alarm', fatal: 'alarm' };

class PhCameraLog extends LitElement {
  static override properties = {
    camera: { type: String },
    book: { state: true },
    loaded: { state: true },
    failure: { state: true },
  };
  declare camera: string;
  declare book: LogBook;
  declare loaded: boolean;
  declare failure: unknown;

  static override styles = [
    shared,
    stateStyles,
    css`
      li { display: grid; grid-template-columns: auto auto minmax(0, 1fr); align-items: baseline; gap: 2px var(--space-3); padding: 7px 14px; border-bottom: 1px solid var(--line); font-size: var(--text-s); }
      li:last-child { border-bottom: 0; }
      time { color: var(--muted); font-variant-numeric: tabular-nums; }
      .text { overflow-wrap: anywhere; }
      .fields { color: var(--muted); }
      .all { margin-top: var(--space-3); }
      @media (max-width: 560px) {
        li { grid-template-columns: auto 1fr; }
        .chip { justify-self: end; }
        .text { grid-column: 1 / -1; }
      }
    `,
  ];
  readonly #poll = poll(
    this,
    INTERVAL_MS,
    () => this.#fetch(),
    (error) => {
      this.failure = error;
    },
  );

  constructor() {
    super();
    this.camera = '';
    this.book = EMPTY_BOOK;
    this.loaded = false;
  }

  override render() {
    if (this.failure && !this.loaded) return failedState(this.failure, () => this.#poll.now());
    if (!this.loaded) return loadingState();
    const lines = this.book.lines.slice(-SHOWN).reverse();
    if (lines.length === 0) return emptyState({ icon: 'log', heading: t('camera.log.empty') });
    return html`
      <ul class="card">${lines.map((line) => this.#renderLine(line))}</ul>
      <a class="button quiet all" href=${href('log', '', { camera: this.camera })}>${t('camera.log.all')}</a>
    `;
  }

  #renderLine({ time, level, module, message, fields }: LogLine) {
    return html`<li>
      <time datetime=${new Date(time).toISOString()}>${formatTime(time)}</time>
      <span class="chip ${TONES[level] ?? ''}">${level}</span>
      <span class="text">${module ? `${module}: ` : ''}${message} <span class="fields">${fields}</span></span>
    </li>`;
  }

  async #fetch(): Promise<void> {
    const { since } = this.book;
    const answer = await getText('api/log', {
      query: { stream: this.camera, ...(since ? { since } : {}) },
    });
    this.failure = undefined;
    this.loaded = true;
    this.book = addLines(this.book, answer);
  }
}

customElements.define('ph-camera-log', PhCameraLog);
