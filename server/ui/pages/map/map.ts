/**
 * `<ph-map>`: how bytes go from the cameras to the viewers, and where they stop. `?camera=` shows one camera, `?view=list`
 * the same as a list.
 */
import { html, LitElement, nothing } from 'lit';
import { getJson } from '../../lib/api.ts';
import { disconnectViewer } from '../../lib/cameras-api.ts';
import { confirm } from '../../lib/components/confirm.ts';
import { emptyState, explain, failedState, loadingState, stateStyles } from '../../lib/components/states.ts';
import { toast } from '../../lib/components/toast.ts';
import { formatBitrate } from '../../lib/format.ts';
import { t } from '../../lib/i18n.ts';
import { icon } from '../../lib/icons.ts';
import { nameOf } from '../../lib/live-state.ts';
import { poll } from '../../lib/poll.ts';
import { go, href, type Place } from '../../lib/router.ts';
import { store, watchStore } from '../../lib/store.ts';
import { shared } from '../../lib/styles.ts';
import './canvas.ts';
import type { PhMapCanvas } from './canvas.ts';
import { renderDetails } from './details.ts';
import { type Flows, measureFlows, totalRate } from './flow.ts';
import { buildGraph, type Graph, type Group, type MapCamera, type ViewerNode } from './graph.ts';
import { renderList } from './list.ts';
import { readStreams, type Stream } from './streams.ts';
import { mapStyles } from './styles.ts';
import { nodeLabel } from './words.ts';

const POLL_MS = 2000;

export class PhMap extends LitElement {
  static override properties = {
    place: { attribute: false },
    graph: { state: true },
    failure: { state: true },
    selected: { state: true },
  };
  declare place: Place;
  declare graph: Graph | undefined;
  declare failure: unknown;
  /** Id of a node. */
  declare selected: string;

  #flows: Flows = new Map();
  readonly #poll = poll(
    this,
    POLL_MS,
    () => this.#fetch(),
    (error) => {
      this.failure = error;
    },
  );

  static override styles = [shared, stateStyles, mapStyles];

  constructor() {
    super();
    this.place = { page: 'map', id: '', query: {} };
    this.selected = '';
    watchStore(this);
  }

  override render() {
    const groups = this.#groups;
    return html`<ph-page heading=${t('common.page.map')} wide>
      ${this.graph ? html`<span slot="subtitle" class="number">${this.#summary(groups)}</span>` : nothing}
      ${this.graph && this.graph.groups.length > 0 ? this.#renderTools() : nothing}
      ${this.#renderContent(groups)}
    </ph-page>`;
  }

  #renderContent(groups: readonly Group[]) {
    if (!this.graph) return this.failure ? failedState(this.failure, () => this.#poll.now()) : loadingState();
    if (this.graph.groups.length === 0) {
      return emptyState({
        icon: 'map',
        heading: t('map.empty.heading'),
        text: t('map.empty.text'),
        actions: html`<a class="button primary" href=${href('add')}>${t('map.empty.add')}</a>`,
      });
    }
    const group = groups.find(({ nodes }) => nodes.some(({ id }) => id === this.selected));
    const node = group?.nodes.find(({ id }) => id === this.selected);
    const pick = (id: string) => this.#pick(id);
    return html`<div class="stage ${node ? 'split' : ''}" @keydown=${this.#onKey}>
      ${
        this.#isList
          ? renderList(groups, { flows: this.#flows, selected: this.selected, pick })
          : html`<ph-map-canvas
              .groups=${groups} .flows=${this.#flows} .selected=${this.selected}
              @pick=${({ detail }: CustomEvent<string>) => pick(detail)}
            ></ph-map-canvas>`
      }
      ${
        group && node
          ? renderDetails(node, group, this.#flows, {
              close: () => this.#close(),
              disconnect: (viewer) => void this.#disconnect(viewer),
            })
          : nothing
      }
    </div>`;
  }

  #renderTools() {
    const { camera = '' } = this.place.query;
    return html`
      <select
        slot="actions" class="input" aria-label=${t('map.camera')}
        @change=${(event: Event) => this.#show({ camera: (event.target as HTMLSelectElement).value })}
      >
        <option value="" ?selected=${camera === ''}>${t('map.camera.all')}</option>
        ${this.graph!.groups.map(({ id, name }) => html`<option value=${id} ?selected=${id === camera}>${name}</option>`)}
      </select>
      <div slot="actions" class="switch" role="group" aria-label=${t('map.view')}>
        ${(['graph', 'list'] as const).map(
          (view) => html`<button
            class="button small" aria-pressed=${this.#isList === (view === 'list')}
            @click=${() => this.#show({ view: view === 'list' ? view : '' })}
          >
            ${icon(view === 'list' ? 'list' : 'map', 18)}${t(`map.view.${view}`)}
          </button>`,
        )}
      </div>
    `;
  }

  get #isList(): boolean {
    return this.place.query.view === 'list';
  }

  get #groups(): readonly Group[] {
    const { camera } = this.place.query;
    const groups = this.graph?.groups ?? [];
    return camera ? groups.filter(({ id }) => id === camera) : groups;
  }

  #summary(groups: readonly Group[]): string {
    const viewers = groups
      .flatMap(({ nodes }) => nodes)
      .filter((node) => node.kind === 'viewer' && !node.own);
    const edges = groups.flatMap((group) => group.edges);
    const rate = (kind: RegExp, end: 'from' | 'to') => {
      const sum = totalRate(
        edges.filter((edge) => kind.test(edge[end])),
        this.#flows,
      );
      return sum === undefined ? '…' : formatBitrate(sum);
    };
    const values = {
      viewers: viewers.length,
      received: rate(/^source:/, 'from'),
      sent: rate(/^viewer:/, 'to'),
    };
    return t('map.summary', values);
  }

  /** Changes a part of the query. */
  #show(change: Readonly<Record<string, string>>): void {
    const query = Object.entries({ ...this.place.query, ...change }).filter(([, value]) => value !== '');
    go('map', '', Object.fromEntries(query), true);
  }

  async #pick(id: string): Promise<void> {
    if (id === this.selected) {
      this.#close();
      return;
    }
    this.selected = id;
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>('#details-title')?.focus({ preventScroll: true });
    this.renderRoot.querySelector<PhMapCanvas>('ph-map-canvas')?.showNode(id);
  }

  /** Closes the details; the focus goes back to the node. */
  #close(): void {
    const id = this.selected;
    this.selected = '';
    if (this.#isList) this.renderRoot.querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"]`)?.focus();
    else this.renderRoot.querySelector<PhMapCanvas>('ph-map-canvas')?.focusNode(id);
  }

  #onKey(event: KeyboardEvent): void {
    if (event.key !== 'Escape' || this.selected === '') return;
    event.stopPropagation();
    this.#close();
  }

  async #disconnect(node: ViewerNode): Promise<void> {
    const viewer = nodeLabel(node);
    const sure = await confirm({
      heading: t('map.disconnect.heading'),
      text: t('map.disconnect.text', { viewer }),
      action: t('map.disconnect'),
      danger: true,
    });
    if (!sure) return;
    try {
      await disconnectViewer(node.stream, node.viewer.id);
      this.selected = '';
      toast(t('map.disconnect.done', { viewer }));
      this.#poll.now();
    } catch (error) {
      toast(t('map.disconnect.failed', { reason: explain(error) }), { tone: 'alarm' });
    }
  }

  async #fetch(): Promise<void> {
    this.#take(readStreams(await getJson('api/streams')));
    this.failure = undefined;
  }

  #take(streams: readonly Stream[]): void {
    const cameras: readonly MapCamera[] = store.cameras.map((camera) => ({
      id: camera.id,
      name: nameOf(camera),
      sub: camera.sub,
    }));
    const graph = buildGraph(streams, cameras, this.graph?.places);
    const edges = graph.groups.flatMap((group) => group.edges);
    this.#flows = measureFlows(edges, this.#flows, Date.now());
    this.graph = graph;
  }
}

customElements.define('ph-map', PhMap);
