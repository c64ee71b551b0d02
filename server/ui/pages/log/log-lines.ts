/**
 * `<ph-log-lines camera="front_door" .filter=${…} ?paused=${…} @pause=${…}>`: lines of the log as they come, newest below.
 *
 * While it follows, the last line is in view. Scrolling up pauses, as does `paused`: then the lines stay as they are, and
 * a button counts those that came since. Fires `pause` with whether it pauses now. `compact` is for other pages: a
 * few lines, without modules.
 */
import { html, LitElement, nothing, type PropertyValues } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { emptyState, failedState, loadingState, stateStyles } from '../../lib/components/states.ts';
import { copyText } from '../../lib/copy.ts';
import { language, t } from '../../lib/i18n.ts';
import { icon } from '../../lib/icons.ts';
import { poll } from '../../lib/poll.ts';
import { shared } from '../../lib/styles.ts';
import {
  addLines,
  createFilter,
  EMPTY_BOOK,
  type LogBook,
  type LogFilter,
  type LogLine,
  lineText,
} from './lines.ts';
import { linesStyles } from './lines-styles.ts';
import { clearLog, fetchLines } from './log-api.ts';

const POLL_MS = 1500;
/** Lines in the page at first, and how many more each time older ones are asked for. */
const SHOWN = 300;
const COPIED_MS = 1500;
/** So near to the end counts as at the end. */
const END_PX = 24;

const EVERYTHING: LogFilter = { level: 'trace', module: '', text: '' };
const TIME = new Intl.DateTimeFormat(language, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
  hourCycle: 'h23',
});
const DATE = new Intl.DateTimeFormat(language, { dateStyle: 'full', timeStyle: 'medium' });

/** Filters are made anew with each rendering of the page. */
const isOther = (now: unknown, before: unknown): boolean => JSON.stringify(now) !== JSON.stringify(before);

export class PhLogLines extends LitElement {
  static override properties = {
    camera: { type: String },
    filter: { attribute: false, hasChanged: isOther },
    paused: { type: Boolean },
    compact: { type: Boolean, reflect: true },
    book: { state: true },
    limit: { state: true },
    failure: { state: true },
    loaded: { state: true },
    active: { state: true },
    copied: { state: true },
  };
  declare camera: string;
  declare filter: LogFilter;
  declare paused: boolean;
  declare compact: boolean;
  declare book: LogBook;
  /** How many lines are shown at most. */
  declare limit: number;
  declare failure: unknown;
  declare loaded: boolean;
  /** Numbers of the line whose button Tab leads to, and of the one just copied. */
  declare active: number;
  declare copied: number;

  #scrollTop = 0;
  /** What is shown while paused. */
  #frozen: LogBook | undefined;
  readonly #poll = poll(
    this,
    POLL_MS,
    () => this.#fetch(),
    (error) => {
      this.failure = error;
    },
  );

  static override styles = [shared, stateStyles, linesStyles];

  constructor() {
    super();
    this.camera = '';
    this.filter = EVERYTHING;
    this.paused = false;
    this.compact = false;
    this.book = EMPTY_BOOK;
    this.limit = SHOWN;
    this.loaded = false;
    this.active = 0;
    this.copied = 0;
  }

  /** Makes the server forget its lines, and this element too. */
  async clear(): Promise<void> {
    await clearLog();
    this.#forget();
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('camera') && changed.get('camera') !== undefined) {
      this.#forget();
      this.loaded = false;
      this.#poll.now();
    }
    if (changed.has('filter')) this.limit = SHOWN;
    if (changed.has('paused')) this.#frozen = this.paused ? this.book : undefined;
  }

  override updated(changed: PropertyValues<this>): void {
    if (!this.paused && !changed.has('limit')) this.#toEnd();
  }

  override render() {
    if (!this.loaded)
      return this.failure ? failedState(this.failure, () => this.#poll.now()) : loadingState();
    const passes = createFilter(this.filter);
    const all = (this.#frozen ?? this.book).lines.filter(passes);
    const lines = all.slice(-this.limit);
    const fresh = this.#frozen
      ? this.book.lines.filter((line) => line.number > this.#frozen!.count && passes(line)).length
      : 0;
    return html`
      ${this.failure ? html`<p class="notice warn" role="status">${icon('offline', 18)}${t('log.gone')}</p>` : nothing}
      <div class="window" @scroll=${this.#onScroll}>
        ${
          all.length > lines.length
            ? html`<button class="button quiet small older" @click=${this.#older}>${icon('up', 16)}${t('log.older')}</button>`
            : nothing
        }
        ${lines.length === 0 ? this.#renderEmpty() : this.#renderLines(lines)}
      </div>
      <div role="status" class="fresh">
        ${
          fresh > 0
            ? html`<button class="button primary small" @click=${() => this.#setPaused(false)}>
                ${icon('down', 16)}${t('log.new', { count: fresh })}
              </button>`
            : nothing
        }
      </div>
    `;
  }

  #renderEmpty() {
    if (this.book.lines.length === 0) return emptyState({ icon: 'log', heading: t('log.empty') });
    return emptyState({
      icon: 'filter',
      heading: t('log.empty.filtered'),
      actions: html`<button class="button" @click=${() => this.dispatchEvent(new Event('reset'))}>
        ${t('log.empty.reset')}
      </button>`,
    });
  }

  #renderLines(lines: readonly LogLine[]) {
    const active = lines.some(({ number }) => number === this.active) ? this.active : lines.at(-1)!.number;
    return html`<div role="log" aria-live="off" aria-label=${t('log.lines')} @keydown=${this.#onKey}><ol>
      ${repeat(
        lines,
        ({ number }) => number,
        (line) => this.#renderLine(line, line.number === active),
      )}
    </ol></div>`;
  }

  #renderLine(line: LogLine, isActive: boolean) {
    const { number, time, level, module, message, fields } = line;
    const isCopied = number === this.copied;
    return html`<li class=${level}>
      <time datetime=${new Date(time).toISOString()} title=${DATE.format(time)}>${TIME.format(time)}</time>
      <span class="level">${level}</span>
      ${this.compact ? nothing : html`<span class="module">${module}</span>`}
      <span class="text">${message}${fields ? html` <span class="fields">${fields}</span>` : nothing}</span>
      <button
        class="copy ${isCopied ? 'copied' : ''}" tabindex=${isActive ? 0 : -1} data-number=${number}
        aria-label=${isCopied ? t('common.copied') : t('log.copy')} title=${t('log.copy')}
        @click=${() => void this.#copy(line)}
        @focus=${() => {
          this.active = number;
        }}
      >
        ${icon(isCopied ? 'check' : 'copy', 15)}
      </button>
    </li>`;
  }

  async #fetch(): Promise<void> {
    const { camera } = this;
    const answer = await fetchLines(this.book.since, camera);
    if (camera !== this.camera) return;
    this.failure = undefined;
    this.loaded = true;
    this.book = addLines(this.book, answer);
  }

  #forget(): void {
    this.book = EMPTY_BOOK;
    this.#frozen = undefined;
    this.#setPaused(false);
  }

  #setPaused(paused: boolean): void {
    if (this.paused === paused) return;
    this.paused = paused;
    this.dispatchEvent(new CustomEvent('pause', { detail: paused }));
  }

  readonly #onScroll = ({ target }: Event): void => {
    const { scrollTop, scrollHeight, clientHeight } = target as HTMLElement;
    const isAtEnd = scrollHeight - clientHeight - scrollTop < END_PX;
    // Only upwards, not by a window that became smaller. Back at the end the pause stays: the lines would run away again.
    if (!isAtEnd && scrollTop < this.#scrollTop) this.#setPaused(true);
    this.#scrollTop = scrollTop;
  };

  #toEnd(): void {
    const frame = this.renderRoot.querySelector('.window');
    if (frame) frame.scrollTop = frame.scrollHeight;
  }

  readonly #older = async (): Promise<void> => {
    const frame = this.renderRoot.querySelector('.window')!;
    const fromEnd = frame.scrollHeight - frame.scrollTop;
    this.#setPaused(true);
    this.limit += SHOWN;
    await this.updateComplete;
    frame.scrollTop = frame.scrollHeight - fromEnd;
  };

  async #copy(line: LogLine): Promise<void> {
    const text = `${new Date(line.time).toISOString()} ${line.level.toUpperCase()} ${lineText(line)}`;
    if (!(await copyText(text))) return;
    this.copied = line.number;
    setTimeout(() => {
      if (this.copied === line.number) this.copied = 0;
    }, COPIED_MS);
  }

  #onKey(event: KeyboardEvent): void {
    const step = { ArrowUp: -1, ArrowDown: 1, PageUp: -15, PageDown: 15, Home: -1e6, End: 1e6 }[event.key];
    if (step === undefined) return;
    const buttons = [...this.renderRoot.querySelectorAll<HTMLElement>('.copy')];
    const at = buttons.indexOf((this.renderRoot as ShadowRoot).activeElement as HTMLElement);
    if (at < 0) return;
    event.preventDefault();
    buttons[Math.min(buttons.length - 1, Math.max(0, at + step))]?.focus();
  }
}

customElements.define('ph-log-lines', PhLogLines);
