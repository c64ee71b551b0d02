/** `<ph-camera-facts .camera=…>`: sources and tracks of a camera, and who watches it, each with a way to send him off. */
import { css, html, LitElement, nothing } from 'lit';
import { getJson } from '../../lib/api.ts';
import type { Camera, CameraTrack } from '../../lib/api-types.ts';
import { disconnectViewer } from '../../lib/cameras-api.ts';
import { codecTitle } from '../../lib/codec-titles.ts';
import { toast, toastFailure } from '../../lib/components/toast.ts';
import { formatBitrate, formatNumber } from '../../lib/format.ts';
import { t } from '../../lib/i18n.ts';
import { icon } from '../../lib/icons.ts';
import { poll } from '../../lib/poll.ts';
import { store } from '../../lib/store.ts';
import { readStream, type StreamRows, type ViewerRow, withoutSecrets } from '../../lib/stream-info.ts';
import { shared } from '../../lib/styles.ts';

const INTERVAL_MS = 2500;
const NOTHING: StreamRows = { sources: [], viewers: [] };

class PhCameraFacts extends LitElement {
  static override properties = {
    camera: { attribute: false },
    main: { state: true },
    sub: { state: true },
    leaving: { state: true },
  };
  declare camera: Camera;
  declare main: StreamRows | undefined;
  declare sub: StreamRows;
  /** Viewers that were disconnected, until the server no longer tells of them. */
  declare leaving: ReadonlySet<number>;

  static override styles = [
    shared,
    css`
      :host { display: grid; gap: var(--space-4); }
      section { padding: var(--space-3) var(--space-4) var(--space-2); }
      h2 { margin-bottom: var(--space-1); font-size: var(--text-m); }
      li { display: flex; align-items: center; gap: var(--space-3); min-height: 36px; padding: 6px 0; border-top: 1px solid var(--line); }
      li:first-child { border-top: 0; }
      .what { flex: 1; min-width: 0; }
      .what > * { overflow-wrap: anywhere; }
      .chip { flex: none; }
      .url { display: block; font-size: var(--text-xs); }
      .error { color: var(--alarm); font-size: var(--text-s); }
      .value { flex: none; font-size: var(--text-s); font-variant-numeric: tabular-nums; text-align: end; }
      .none { padding: 4px 0 8px; }
    `,
  ];
  readonly #poll = poll(this, INTERVAL_MS, () => this.#fetch());

  constructor() {
    super();
    this.sub = NOTHING;
    this.leaving = new Set();
  }

  override render() {
    const { isAdmin } = store;
    return html`
      ${isAdmin ? this.#renderSources() : nothing} ${this.#renderTracks()} ${isAdmin ? this.#renderViewers() : nothing}
    `;
  }

  #renderSources() {
    const { main, sub } = this;
    const rows = [
      ...(main?.sources ?? []).map((source) => ({ ...source, title: t('camera.source.main') })),
      ...sub.sources.map((source) => ({ ...source, title: t('camera.source.sub') })),
    ];
    return html`<section class="card" aria-labelledby="sources">
      <h2 id="sources">${t('camera.sources')}</h2>
      ${main && rows.length === 0 ? html`<p class="none muted small">${t('camera.source.none')}</p>` : nothing}
      <ul>
        ${rows.map(
          ({ title, url, running, error }) => html`<li>
            <span class="chip ${running ? 'ok' : ''}">${title}</span>
            <div class="what">
              <code class="url">${withoutSecrets(url)}</code>
              ${error && !running ? html`<span class="error">${error}</span>` : nothing}
            </div>
          </li>`,
        )}
      </ul>
    </section>`;
  }

  #renderTracks() {
    const { tracks = [], talk } = this.camera;
    return html`<section class="card" aria-labelledby="tracks">
      <h2 id="tracks">${t('camera.tracks')}</h2>
      ${tracks.length === 0 ? html`<p class="none muted small">${t('camera.tracks.unknown')}</p>` : nothing}
      <ul>
        ${tracks.map((track) => this.#renderTrack(track))}
        ${
          talk
            ? html`<li>
                ${icon('microphone', 18)}
                <div class="what"><strong>${t('camera.track.talk')}</strong> <span class="muted small">${t('camera.track.talk.yes')}</span></div>
              </li>`
            : nothing
        }
      </ul>
    </section>`;
  }

  #renderTrack(track: CameraTrack) {
    const { kind, codec, width, height, fps, bitrate, gop, sample_rate: rate, channels } = track;
    const details = [
      width && height ? `${width} × ${height}` : '',
      fps ? `${formatNumber(fps)} fps` : '',
      gop ? t('camera.track.gop', { seconds: Math.round(gop * 10) / 10 }) : '',
      rate ? `${formatNumber(rate / 1000)} kHz` : '',
      channels ? t('camera.track.channels', { count: channels }) : '',
    ].filter(Boolean);
    return html`<li>
      ${icon(kind === 'video' ? 'cameras' : 'sound', 18)}
      <div class="what">
        <span class="visually-hidden">${t(kind === 'video' ? 'camera.track.video' : 'camera.track.audio')}</span>
        <strong>${codecTitle(codec)}</strong> <span class="muted small">${details.join(' · ')}</span>
      </div>
      <span class="value">${bitrate ? formatBitrate(bitrate) : ''}</span>
    </li>`;
  }

  #renderViewers() {
    const viewers = [...(this.main?.viewers ?? []), ...this.sub.viewers].filter(
      ({ id }) => !this.leaving.has(id),
    );
    return html`<section class="card" aria-labelledby="viewers">
      <h2 id="viewers">${t('camera.viewers')}</h2>
      ${this.main && viewers.length === 0 ? html`<p class="none muted small">${t('camera.viewers.none')}</p>` : nothing}
      <ul>${viewers.map((viewer) => this.#renderViewer(viewer))}</ul>
    </section>`;
  }

  #renderViewer(viewer: ViewerRow) {
    const { format, address, agent, stream } = viewer;
    const from = [agent, address].filter(Boolean).join(', ');
    const label = t('camera.viewers.disconnect.label', { viewer: [format, from].filter(Boolean).join(' ') });
    return html`<li>
      <span class="chip accent">${format}</span>
      <div class="what small">
        ${from} ${stream === this.camera.id ? nothing : html`<span class="muted">· ${t('camera.source.sub')}</span>`}
      </div>
      <button class="button quiet small danger" aria-label=${label} @click=${() => void this.#disconnect(viewer)}>
        ${t('camera.viewers.disconnect')}
      </button>
    </li>`;
  }

  async #disconnect({ stream, id }: ViewerRow): Promise<void> {
    try {
      await disconnectViewer(stream, id);
      this.leaving = new Set([...this.leaving, id]);
      toast(t('camera.viewers.disconnected'));
    } catch (error) {
      toastFailure(error);
    }
    this.#poll.now();
  }

  async #fetch(): Promise<void> {
    if (!store.isAdmin) return;
    const { id, sub } = this.camera;
    const [main, small] = await Promise.all(
      [id, sub].map(async (src) =>
        src ? readStream(src, await getJson('api/streams', { query: { src } })) : NOTHING,
      ),
    );
    this.main = main!;
    this.sub = small!;
  }
}

customElements.define('ph-camera-facts', PhCameraFacts);
