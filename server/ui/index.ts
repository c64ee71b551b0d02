/** The list of streams, kept up to date while the page is visible. */
import { h } from '../../frontend-card/src/player/dom.ts';
import { apiUrl, rtspUrl } from '../../frontend-card/src/player/url.ts';
import { type Card, createCard } from './card.ts';
import { warningIcon } from './icons.ts';
import { summarize } from './summary.ts';

const REFRESH_MS = 2000;
const TIMEOUT_MS = 8000;

interface ServerInfo {
  readonly version?: string;
  readonly porthole?: string;
  readonly rtsp?: { readonly listen?: string };
  /** What the owner should know, such as an API that is open to the network without credentials. */
  readonly warnings?: readonly string[];
}

const byId = (id: string) => document.getElementById(id)!;
const list = byId('streams');
const cards = new Map<string, Card>();
let info: ServerInfo | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;

async function getJson(path: string): Promise<unknown> {
  const response = await fetch(apiUrl(document.baseURI, path), { signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  return response.json();
}

async function refresh(): Promise<void> {
  clearTimeout(timer);
  try {
    info ??= (await getJson('api')) as ServerInfo;
    showStreams(await getJson('api/streams'), info);
    showNotices(info.warnings ?? []);
    document.body.classList.remove('gone');
  } catch {
    // A server that comes back may have another configuration.
    info = undefined;
    document.body.classList.add('gone');
    showNotices(['The server does not answer. This page goes on trying.']);
  }
  if (!document.hidden) timer = setTimeout(refresh, REFRESH_MS);
}

function showStreams(answer: unknown, { rtsp, version, porthole }: ServerInfo): void {
  const streams = summarize(answer);
  const names = new Set(streams.map(({ name }) => name));
  for (const [name, card] of cards) {
    if (names.has(name)) continue;
    card.remove();
    cards.delete(name);
  }
  for (const stream of streams) {
    let card = cards.get(stream.name);
    if (!card) {
      const address = rtsp && rtspUrl(document.baseURI, rtsp.listen ?? '', stream.name);
      card = createCard(stream.name, address, streams.length === 1);
      cards.set(stream.name, card);
    }
    card.update(stream);
  }
  const order = streams.map(({ name }) => cards.get(name)!.element);
  if (order.some((element, index) => list.children[index] !== element)) list.replaceChildren(...order);

  const live = streams.filter(({ state }) => state === 'live').length;
  const count = streams.length === 1 ? '1 stream' : `${streams.length} streams`;
  setText(byId('summary'), streams.length > 0 ? `${count}, ${live} live` : '');
  byId('empty').hidden = streams.length > 0;
  setText(byId('version'), `Porthole ${porthole ?? version ?? ''}`);
}

function showNotices(notices: readonly string[]): void {
  const place = byId('notices');
  if (place.dataset.shown === notices.join('\n')) return;
  place.dataset.shown = notices.join('\n');
  place.replaceChildren(
    ...notices.map((notice) => h('p', { class: 'notice', role: 'alert' }, warningIcon(), notice)),
  );
}

function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

document.addEventListener('visibilitychange', () => {
  if (!document.hidden) void refresh();
});
void refresh();
