/**
 * `<ph-config>`: the config file as text. Edits are looked at before they are applied (review.ts), and what was in force
 * before comes back by undo or from the history. An edit that is not applied yet survives a visit to another page.
 */
import { html, LitElement, nothing, type PropertyValues } from 'lit';
import { ApiError } from '../../lib/api.ts';
import { confirm } from '../../lib/components/confirm.ts';
import type { MenuItem } from '../../lib/components/menu.ts';
import { emptyState, failedState, loadingState, stateStyles } from '../../lib/components/states.ts';
import { toast, toastFailure } from '../../lib/components/toast.ts';
import { language, t } from '../../lib/i18n.ts';
import { icon } from '../../lib/icons.ts';
import type { Place } from '../../lib/router.ts';
import { shared } from '../../lib/styles.ts';
import type { Check } from './changes.ts';
import {
  type ConfigPlace,
  checkConfig,
  fetchConfig,
  fetchPlace,
  fetchSchema,
  restartServer,
  undoConfig,
} from './config-api.ts';
import { createEditor, goToLine, replaceText } from './editor.ts';
import './history.ts';
import { phrases } from './phrases.ts';
import './review.ts';
import type { Schema } from './schema.ts';
import { configStyles } from './styles.ts';

type Phase = 'loading' | 'failed' | 'none' | 'edit' | 'review' | 'history';

/** What the editor holds, and the text of the server that it began with. */
interface Draft {
  readonly base: string;
  readonly text: string;
}

/** Left by a visit of this page before: an edit that is not applied, and sections that wait for a restart. */
let kept: Draft | undefined;
let waiting: readonly string[] = [];

export class PhConfig extends LitElement {
  static override properties = {
    place: { attribute: false },
    phase: { state: true },
    draft: { state: true },
    check: { state: true },
    found: { state: true },
  };
  declare place: Place;
  declare phase: Phase;
  declare draft: Draft;
  /** What the server said of the text, when it last did. */
  declare check: Check | undefined;
  /** The draft is one from before. */
  declare found: boolean;

  #editor: ReturnType<typeof createEditor> | undefined;
  #server: ConfigPlace = {};
  #schema: Schema | undefined;
  #failure: unknown;
  #isNew = false;

  static override styles = [shared, stateStyles, configStyles];

  constructor() {
    super();
    this.place = { page: 'config', id: '', query: {} };
    this.phase = 'loading';
    this.draft = { base: '', text: '' };
    this.found = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener('beforeunload', this.#guard);
    void this.#load();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener('beforeunload', this.#guard);
    kept = this.#isEdited ? this.draft : undefined;
    this.#closeEditor();
  }

  override render() {
    return html`<ph-page heading=${t('common.page.config')} wide>
      ${this.#renderPath()}
      ${this.phase === 'edit' ? this.#renderTools() : nothing} ${this.#renderContent()}
    </ph-page>`;
  }

  override updated(changed: PropertyValues<this>): void {
    if (!changed.has('phase')) return;
    if (this.phase === 'edit') this.#openEditor();
    else this.#closeEditor();
  }

  #renderContent() {
    switch (this.phase) {
      case 'loading':
        return loadingState();
      case 'failed':
        return failedState(this.#failure, () => void this.#load());
      case 'none':
        return emptyState({ icon: 'config', heading: t('config.none.heading'), text: t('config.none.text') });
      case 'review':
        return html`<ph-config-review
          .base=${this.draft.base} .text=${this.draft.text}
          @back=${() => this.#show('edit')}
          @applied=${this.#applied}
          @based=${({ detail: base }: CustomEvent<string>) => this.#take({ ...this.draft, base })}
          @discard=${({ detail: text }: CustomEvent<string>) => this.#discard(text)}
          @line=${({ detail: line }: CustomEvent<number>) => void this.#goTo(line)}
        ></ph-config-review>`;
      case 'history':
        return html`<ph-config-history
          .current=${this.draft.base}
          @back=${() => this.#show('edit')}
          @use=${({ detail: text }: CustomEvent<string>) => {
            this.#take({ ...this.draft, text });
            this.#show('edit');
          }}
        ></ph-config-history>`;
      case 'edit':
        return html`
          ${this.#renderNotice()} ${this.#renderRestart()}
          <div class="editor card"></div>
          ${this.#renderStatus()}
        `;
    }
  }

  #renderPath() {
    const [, folder = '', name = ''] = /^(.*\/)?([^/]*)$/.exec(this.#server.config_path ?? '') ?? [];
    return name
      ? html`<span slot="subtitle" class="path"><span class="folder">${folder}</span>${name}</span>`
      : nothing;
  }

  #renderTools() {
    return html`
      <button
        slot="actions" class="button primary" ?disabled=${!this.#isEdited || this.#server.read_only}
        aria-keyshortcuts="Control+S" @click=${() => this.#show('review')}
      >
        ${icon('check', 18)}${t('config.review')}
      </button>
      <ph-menu slot="actions" label=${t('common.more')} .items=${this.#menu}></ph-menu>
    `;
  }

  get #menu(): readonly MenuItem[] {
    const items: MenuItem[] = [
      { title: t('config.history'), icon: 'log', run: () => this.#show('history') },
      { title: t('config.undo'), icon: 'undo', run: () => void this.#undo() },
      { title: t('config.reload'), icon: 'restart', run: () => void this.#reload() },
    ];
    return this.#server.read_only ? items.filter(({ icon: name }) => name !== 'undo') : items;
  }

  #renderNotice() {
    if (this.#server.read_only) return html`<p class="notice">${icon('info')}${t('config.readOnly')}</p>`;
    if (this.found) {
      return html`<p class="notice">
        ${icon('info')}<span class="grow">${t('config.draft')}</span>
        <button class="button small" @click=${() => this.#discard(this.draft.base)}>${t('config.draft.discard')}</button>
      </p>`;
    }
    return this.#isNew ? html`<p class="notice">${icon('info')}${t('config.new')}</p>` : nothing;
  }

  #renderRestart() {
    if (waiting.length === 0) return nothing;
    const sections = new Intl.ListFormat(language).format(waiting);
    return html`<p class="notice warn" role="status">
      ${icon('restart')}<span class="grow">${t('config.applied.restart', { sections })}</span>
      <button class="button small" @click=${this.#restart}>${t('config.restart')}</button>
    </p>`;
  }

  #renderStatus() {
    const count = this.check?.problems.length;
    return html`<p class="status small">
      <span class="chip ${this.#isEdited ? 'warn' : 'ok'}">${t(this.#isEdited ? 'config.unsaved' : 'config.saved')}</span>
      <span role="status" class=${count ? 'bad' : 'muted'}>
        ${count === undefined ? nothing : t('config.problems', { count })}
      </span>
    </p>`;
  }

  get #isEdited(): boolean {
    return this.draft.text !== this.draft.base;
  }

  /** Reads the file, and what helps to edit it; a draft of before is taken up again. */
  async #load(): Promise<void> {
    this.#show('loading');
    try {
      const [text, server, schema] = await Promise.all([
        fetchConfig().catch(noFile),
        fetchPlace(),
        this.#schema ?? fetchSchema().catch(() => undefined),
      ]);
      this.#server = server;
      this.#schema = schema;
      this.#isNew = text === undefined;
      this.found = kept !== undefined;
      this.#take(kept ?? { base: text ?? '', text: text ?? '' });
      kept = undefined;
      this.#show('edit');
    } catch (error) {
      this.#failure = error;
      this.#show(error instanceof ApiError && error.status === 410 ? 'none' : 'failed');
    }
  }

  #show(phase: Phase): void {
    this.phase = phase;
  }

  #take(draft: Draft): void {
    this.draft = draft;
    if (this.#editor && this.#editor.state.doc.toString() !== draft.text)
      replaceText(this.#editor, draft.text);
  }

  #discard(text: string): void {
    this.found = false;
    this.#take({ base: text, text });
    this.#show('edit');
  }

  #openEditor(): void {
    this.#closeEditor();
    this.#editor = createEditor({
      parent: this.renderRoot.querySelector<HTMLElement>('.editor')!,
      root: this.renderRoot as ShadowRoot,
      text: this.draft.text,
      label: t('config.editor.label'),
      readOnly: this.#server.read_only ?? false,
      schema: this.#schema,
      phrases: phrases(),
      check: async (text) => {
        this.check = await checkConfig(text);
        return this.check;
      },
      changed: (text) => {
        this.draft = { ...this.draft, text };
      },
      save: () => {
        if (this.#isEdited && !this.#server.read_only) this.#show('review');
      },
    });
  }

  #closeEditor(): void {
    this.#editor?.destroy();
    this.#editor = undefined;
  }

  async #goTo(line: number): Promise<void> {
    this.#show('edit');
    await this.updateComplete;
    if (this.#editor) goToLine(this.#editor, line);
  }

  readonly #applied = ({ detail: restart }: CustomEvent<readonly string[]>): void => {
    waiting = [...new Set([...waiting, ...restart])];
    this.found = false;
    this.#isNew = false;
    this.#take({ base: this.draft.text, text: this.draft.text });
    this.#show('edit');
    toast(t('config.applied'), { action: { title: t('common.undo'), run: () => void this.#undoNow() } });
  };

  async #undo(): Promise<void> {
    const sure = await confirm({
      heading: t('config.undo.heading'),
      text: t('config.undo.text'),
      action: t('common.undo'),
    });
    if (sure) await this.#undoNow();
  }

  async #undoNow(): Promise<void> {
    try {
      await undoConfig();
      const text = await fetchConfig();
      this.#discard(text);
      toast(t('config.undo.done'));
    } catch (error) {
      toastFailure(error);
    }
  }

  readonly #restart = async (): Promise<void> => {
    const sure = await confirm({
      heading: t('config.restart.heading'),
      text: t('config.restart.text'),
      action: t('config.restart'),
      danger: true,
    });
    if (!sure) return;
    try {
      await restartServer();
      waiting = [];
      this.requestUpdate();
      toast(t('config.restart.done'));
    } catch (error) {
      toastFailure(error);
    }
  };

  async #reload(): Promise<void> {
    const sure =
      !this.#isEdited ||
      (await confirm({
        heading: t('config.discard.heading'),
        text: t('config.discard.text'),
        action: t('config.discard'),
        danger: true,
      }));
    if (sure) await this.#load();
  }

  readonly #guard = (event: BeforeUnloadEvent): void => {
    if (this.#isEdited) event.preventDefault();
  };
}

/** 404 says that the file is not there yet. */
function noFile(error: unknown): undefined {
  if (error instanceof ApiError && error.status === 404) return undefined;
  throw error;
}

customElements.define('ph-config', PhConfig);
