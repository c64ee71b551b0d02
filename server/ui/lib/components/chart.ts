/**
 * `<ph-chart heading="Bitrate" .points=${[[time, value], …]} .format=${formatBitrate}>`: one line over time, by uPlot.
 * What it shows is also told in words: now, least, most.
 */
import { css, html, LitElement, type PropertyValues, unsafeCSS } from 'lit';
import uPlot from 'uplot';
import uplotStyles from 'uplot/dist/uPlot.min.css?inline';
import { formatMinute } from '../format.ts';
import { shared } from '../styles.ts';

export type Point = readonly [timeMs: number, value: number];

const HEIGHT = 150;
/** The last minutes; less, as long as there is less. */
const LONGEST_SPAN_S = 300;
const SHORTEST_SPAN_S = 60;

export class PhChart extends LitElement {
  static override properties = {
    heading: { type: String },
    summary: { type: String },
    points: { attribute: false },
    format: { attribute: false },
    least: { attribute: false },
  };
  declare heading: string;
  /** For those who cannot see the line. */
  declare summary: string;
  declare points: readonly Point[];
  declare format: (value: number) => string;
  /** How high the scale reaches at least, so that a line near 0 lies on the ground. */
  declare least: number;
  #plot: uPlot | undefined;
  readonly #resizes = new ResizeObserver(() => this.#resize());

  static override styles = [
    unsafeCSS(uplotStyles),
    shared,
    css`
      :host { padding: var(--space-3) var(--space-4) var(--space-2); }
      header { display: flex; justify-content: space-between; align-items: baseline; gap: var(--space-2); }
      h2 { font-size: var(--text-s); }
      .now { font-size: var(--text-l); font-weight: 650; font-variant-numeric: tabular-nums; }
      .plot { height: ${unsafeCSS(HEIGHT)}px; overflow: hidden; }
      .u-cursor-x { border-color: var(--line-strong); }
    `,
  ];

  constructor() {
    super();
    this.heading = '';
    this.summary = '';
    this.points = [];
    this.format = String;
    this.least = 1;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener('themechange', this.#repaint);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', this.#repaint);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener('themechange', this.#repaint);
    matchMedia('(prefers-color-scheme: dark)').removeEventListener('change', this.#repaint);
    this.#resizes.disconnect();
    this.#plot?.destroy();
    this.#plot = undefined;
  }

  override render() {
    const last = this.points.at(-1);
    return html`
      <header><h2>${this.heading}</h2><span class="now">${last ? this.format(last[1]) : ''}</span></header>
      <div class="plot" role="img" aria-label="${this.heading}: ${this.summary}"></div>
    `;
  }

  override updated(changed: PropertyValues<this>): void {
    const place = this.renderRoot.querySelector<HTMLElement>('.plot')!;
    if (!this.#plot) {
      this.#plot = this.#create(place);
      this.#resizes.observe(place);
    } else if (changed.has('points')) {
      this.#plot.setData(this.#data());
    }
  }

  #data(): uPlot.AlignedData {
    return [this.points.map(([timeMs]) => timeMs / 1000), this.points.map(([, value]) => value)];
  }

  #create(place: HTMLElement): uPlot {
    const color = (name: string) => () => getComputedStyle(this).getPropertyValue(name);
    const axis: uPlot.Axis = {
      stroke: color('--muted'),
      font: '11px system-ui, sans-serif',
      grid: { stroke: color('--line'), width: 1 },
      ticks: { show: false },
    };
    const options: uPlot.Options = {
      width: place.clientWidth || 300,
      height: HEIGHT,
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false } },
      padding: [10, 4, 0, 0],
      scales: {
        x: { range: () => this.#span() },
        y: { range: (_, __, most) => [0, Math.max(this.least, most * 1.15)] },
      },
      axes: [
        {
          ...axis,
          size: 26,
          space: 90,
          values: (_, ticks) => ticks.map((tick) => formatMinute(tick * 1000)),
        },
        { ...axis, size: 68, space: 34, values: (_, ticks) => ticks.map((tick) => this.format(tick)) },
      ],
      series: [
        {},
        { stroke: color('--accent'), width: 2, points: { show: false }, fill: color('--accent-soft') },
      ],
    };
    return new uPlot(options, this.#data(), place);
  }

  #span(): [from: number, to: number] {
    const now = Date.now() / 1000;
    const first = (this.points[0]?.[0] ?? 0) / 1000;
    return [Math.min(now - SHORTEST_SPAN_S, Math.max(now - LONGEST_SPAN_S, first)), now];
  }

  #resize(): void {
    const place = this.renderRoot.querySelector<HTMLElement>('.plot');
    if (place && place.clientWidth > 0) this.#plot?.setSize({ width: place.clientWidth, height: HEIGHT });
  }

  /** The colours are read anew when it is drawn. */
  readonly #repaint = (): void => this.#plot?.redraw();
}

customElements.define('ph-chart', PhChart);
