/** `<ph-camera-charts camera="front_door">`: bitrate and frame rate of the last minutes. */
import { css, html, LitElement } from 'lit';
import type { HistorySample } from '../../lib/api-types.ts';
import { fetchHistory } from '../../lib/cameras-api.ts';
import '../../lib/components/chart.ts';
import type { Point } from '../../lib/components/chart.ts';
import { formatBitrate, formatNumber } from '../../lib/format.ts';
import { t } from '../../lib/i18n.ts';
import { poll } from '../../lib/poll.ts';
import { shared } from '../../lib/styles.ts';

const INTERVAL_MS = 4000;
const LEAST_BITRATE = 200_000;
const LEAST_FPS = 5;

class PhCameraCharts extends LitElement {
  static override properties = { camera: { type: String }, samples: { state: true } };
  declare camera: string;
  declare samples: readonly HistorySample[];

  static override styles = [
    shared,
    css`
      .charts { display: grid; gap: var(--space-4); grid-template-columns: repeat(auto-fit, minmax(min(100%, 280px), 1fr)); }
    `,
  ];

  constructor() {
    super();
    this.camera = '';
    this.samples = [];
    poll(this, INTERVAL_MS, async () => {
      this.samples = await fetchHistory(this.camera);
    });
  }

  override render() {
    return html`<div class="charts">
      ${this.#renderChart(
        t('camera.chart.bitrate'),
        this.samples.map(({ time, bitrate }) => [time, bitrate ?? 0]),
        formatBitrate,
        LEAST_BITRATE,
      )}
      ${this.#renderChart(
        t('camera.chart.fps'),
        this.samples.map(({ time, fps }) => [time, fps ?? 0]),
        formatNumber,
        LEAST_FPS,
      )}
    </div>`;
  }

  #renderChart(heading: string, points: readonly Point[], format: (value: number) => string, least: number) {
    const values = points.map(([, value]) => value);
    const summary =
      values.length === 0
        ? t('camera.chart.empty')
        : t('camera.chart.summary', {
            now: format(values.at(-1)!),
            least: format(Math.min(...values)),
            most: format(Math.max(...values)),
          });
    return html`<ph-chart class="card" heading=${heading} summary=${summary} .points=${points} .format=${format} .least=${least}></ph-chart>`;
  }
}

customElements.define('ph-camera-charts', PhCameraCharts);
