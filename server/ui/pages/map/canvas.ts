/**
 * `<ph-map-canvas .groups=${…} .flows=${…} .selected=${id} @pick=${({ detail: id }) => …}>`: the map as a picture.
 *
 * One SVG in a window that scrolls: by wheel, finger, drag and the browser's own keys. Ctrl and wheel, two fingers
 * and `zoomBy` change its scale. Nodes are real buttons in it, one of them in the tab order; arrow keys lead on.
 */
import { html, LitElement, nothing, type PropertyValues, svg } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { t } from '../../lib/i18n.ts';
import { icon } from '../../lib/icons.ts';
import { href } from '../../lib/router.ts';
import { shared } from '../../lib/styles.ts';
import { canvasStyles } from './canvas-styles.ts';
import type { Flow, Flows } from './flow.ts';
import type { Edge, Group, MapNode } from './graph.ts';
import { type Box, type Layout, layoutKey, layoutMap } from './layout.ts';
import { isDirection, neighbour } from './navigate.ts';
import { flowWords, nodeLabel, nodeWords } from './words.ts';
import { followGestures } from './zoom.ts';

/** Dashes that run cost the browser time for each; beyond this many they stand still. */
const ANIMATED_EDGES = 90;
const LEAST_ZOOM = 0.3;
/** What fits a wide map into a narrow window leaves its words legible. */
const LEAST_FIT = 0.7;
/** On narrower screens the map runs from top to bottom. */
const NARROW = 720;
const MOST_ZOOM = 2;

export class PhMapCanvas extends LitElement {
  static override properties = {
    groups: { attribute: false },
    flows: { attribute: false },
    selected: { type: String },
    zoom: { state: true },
    available: { state: true },
  };
  declare groups: readonly Group[];
  declare flows: Flows;
  declare selected: string;
  /** 0: as large as fits the width. */
  declare zoom: number;
  /** Width of the window. */
  declare available: number;

  #layout: Layout | undefined;
  #key = '';
  /** The node that Tab leads to. */
  #entry = '';
  #resized = new ResizeObserver(([entry]) => {
    this.available = Math.floor(entry!.contentRect.width);
  });

  static override styles = [shared, canvasStyles];

  constructor() {
    super();
    this.groups = [];
    this.flows = new Map();
    this.selected = '';
    this.zoom = 0;
    this.available = 0;
  }

  override firstUpdated(): void {
    this.#resized.observe(this.#window);
    followGestures(this.#window, (factor, x, y) => this.#scale(factor, x, y));
  }

  override willUpdate(_: PropertyValues<this>): void {
    if (this.available === 0) return;
    // What opens beside the map on a wide screen must not turn it.
    const vertical = this.available < NARROW && !matchMedia(`(min-width: ${NARROW}px)`).matches;
    const key = layoutKey(this.groups, this.available, vertical);
    if (key === this.#key) return;
    this.#key = key;
    this.#layout = layoutMap(this.groups, this.available, vertical);
    if (!this.#layout.nodes.has(this.#entry)) this.#entry = this.#layout.nodes.keys().next().value ?? '';
  }

  override render() {
    const layout = this.#layout;
    const zoom = this.#zoom;
    return html`
      <div class="window">
        ${
          layout
            ? html`<svg
                class="map" role="group" aria-label=${t('map.graph.label')} @keydown=${this.#onKey}
                width=${layout.width * zoom} height=${layout.height * zoom}
                viewBox="0 0 ${layout.width} ${layout.height}"
              >
                ${repeat(
                  this.groups,
                  ({ id }) => id,
                  (group) => this.#renderGroup(group, layout),
                )}
              </svg>`
            : nothing
        }
      </div>
      <div class="zoom" role="group" aria-label=${t('map.zoom')}>
        ${this.#renderZoom('plus', t('map.zoom.in'), () => this.#scale(1.25))}
        ${this.#renderZoom('minus', t('map.zoom.out'), () => this.#scale(0.8))}
        ${this.#renderZoom('fit', t('map.zoom.fit'), () => {
          this.zoom = 0;
        })}
      </div>
    `;
  }

  /** Leads the focus to a node, as when its details are closed. */
  focusNode(id: string): void {
    this.#entry = id;
    this.requestUpdate();
    this.#button(id)?.focus();
  }

  /** Scrolls a node into the window, as when its details took a part of it. */
  showNode(id: string): void {
    requestAnimationFrame(() =>
      this.#button(id)?.scrollIntoView({ block: 'nearest', inline: 'nearest', behavior: 'instant' }),
    );
  }

  #button(id: string): HTMLElement | null {
    return this.renderRoot.querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"]`);
  }

  #renderZoom(name: 'plus' | 'minus' | 'fit', label: string, act: () => void) {
    return html`<button class="button icon" aria-label=${label} title=${label} @click=${act}>${icon(name)}</button>`;
  }

  #renderGroup({ id, name, nodes, edges }: Group, layout: Layout) {
    const box = layout.groups.get(id);
    if (!box) return nothing;
    const animated = layout.edges.size <= ANIMATED_EDGES;
    return svg`<g>
      <rect class="frame" x=${box.x + 0.5} y=${box.y + 0.5} width=${box.width - 1} height=${box.height - 1} rx="14"></rect>
      <foreignObject x=${box.x} y=${box.y} width=${box.width} height="40">
        ${html`<h2 class="name"><a href=${href('camera', id)} title=${t('map.open', { name })}>${name}</a></h2>`}
      </foreignObject>
      ${repeat(
        edges,
        (edge) => edge.id,
        (edge) => this.#renderEdge(edge, layout, animated),
      )}
      ${repeat(
        edges,
        (edge) => edge.id,
        (edge) => this.#renderRate(edge, layout),
      )}
      ${repeat(
        nodes,
        (node) => node.id,
        (node) => this.#renderNode(node, layout.nodes.get(node.id)),
      )}
    </g>`;
  }

  #renderEdge(edge: Edge, { edges }: Layout, animated: boolean) {
    const at = edges.get(edge.id);
    if (!at) return nothing;
    const flow = this.flows.get(edge.id);
    const state = flow?.state ?? 'waiting';
    return svg`<g class="edge ${state}" aria-hidden="true">
      <path class="pipe" d=${at.path} stroke-width=${thickness(flow)}></path>
      ${state === 'moving' ? svg`<path class="pulse ${animated ? speed(flow) : ''}" d=${at.path}></path>` : nothing}
    </g>`;
  }

  /** Above all lines: those that cross it must not strike it out. */
  #renderRate({ id }: Edge, { edges, vertical }: Layout) {
    const at = edges.get(id);
    const flow = this.flows.get(id);
    const words = flowWords(flow);
    if (!at || !words) return nothing;
    const kind = `rate ${flow!.state}`;
    return vertical
      ? svg`<text class=${kind} aria-hidden="true" x=${at.x + 6} y=${at.y - 8}>${words}</text>`
      : svg`<text class=${kind} aria-hidden="true" x=${at.x - 8} y=${at.y - 5} text-anchor="end">${words}</text>`;
  }

  #renderNode(node: MapNode, box: Box | undefined) {
    if (!box) return nothing;
    const { icon: name, title, note } = nodeWords(node);
    const failed = node.kind === 'source' && node.state === 'failed';
    const idle = node.kind === 'source' && node.state === 'idle';
    return svg`<foreignObject x=${box.x} y=${box.y} width=${box.width} height=${box.height}>
      ${html`<button
        class="node ${node.kind} ${failed ? 'failed' : ''} ${idle ? 'idle' : ''}"
        data-id=${node.id}
        tabindex=${node.id === this.#entry ? 0 : -1}
        aria-label=${nodeLabel(node)}
        aria-pressed=${node.id === this.selected}
        @click=${() => this.#pick(node.id)}
        @focus=${() => this.#enter(node.id)}
      >
        <span class="sign">${icon(failed ? 'warning' : name, 18)}</span>
        <span class="words"><span class="title">${title}</span> <span class="note">${note}</span></span>
      </button>`}
    </foreignObject>`;
  }

  #pick(id: string): void {
    this.dispatchEvent(new CustomEvent('pick', { detail: id }));
  }

  #enter(id: string): void {
    if (this.#entry === id) return;
    this.#entry = id;
    this.requestUpdate();
  }

  #onKey(event: KeyboardEvent): void {
    if (!this.#layout || !isDirection(event.key) || event.altKey || event.ctrlKey || event.metaKey) return;
    const next = neighbour(this.#layout.nodes, this.#entry, event.key);
    event.preventDefault();
    if (next) this.focusNode(next);
  }

  get #window(): HTMLElement {
    return this.renderRoot.querySelector('.window')!;
  }

  get #zoom(): number {
    if (this.zoom > 0) return this.zoom;
    const width = this.#layout?.width ?? 1;
    return Math.max(LEAST_FIT, Math.min(1, this.available / width));
  }

  /** Scales around a point of the window, by default its middle. */
  #scale(factor: number, x = this.available / 2, y = this.#window.clientHeight / 2): void {
    const before = this.#zoom;
    const after = Math.min(MOST_ZOOM, Math.max(LEAST_ZOOM, before * factor));
    const frame = this.#window;
    const left = ((frame.scrollLeft + x) * after) / before - x;
    const top = ((frame.scrollTop + y) * after) / before - y;
    this.zoom = after;
    void this.updateComplete.then(() => frame.scrollTo(left, top));
  }
}

/** 1.5 px, and one more for each power of ten from 10 kbit/s. */
function thickness(flow: Flow | undefined): number {
  if (flow?.state !== 'moving') return 1.5;
  return Math.min(5, 1.5 + Math.max(0, Math.log10(flow.rate / 1e4)));
}

function speed(flow: Flow | undefined): string {
  const rate = flow?.rate ?? 0;
  if (rate > 1.5e6) return 'fast';
  return rate > 2e5 ? 'steady' : 'slow';
}

customElements.define('ph-map-canvas', PhMapCanvas);
