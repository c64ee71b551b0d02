/** One stream of the list: picture, state, codecs, links. */
import '../../frontend-card/src/player/player.ts';
import { h } from '../../frontend-card/src/player/dom.ts';
import { sentence } from '../../frontend-card/src/player/policy.ts';
import { apiUrl } from '../../frontend-card/src/player/url.ts';
import { copyText } from './copy.ts';
import { eyeIcon, playIcon } from './icons.ts';
import type { StreamSummary } from './summary.ts';
import { forgetThumbnail, wantThumbnail } from './thumbnails.ts';

export interface Card {
  readonly element: HTMLElement;
  update(stream: StreamSummary): void;
  remove(): void;
}

const STATES = { live: 'Live', idle: 'Idle', error: 'Error' } as const;
const COPIED_MS = 2000;

/**
 * `rtsp`: the address for other players; undefined when the RTSP server is off. `plays`: the card shows the moving
 * picture, not a still of it, and so keeps the stream running.
 */
export function createCard(name: string, rtsp: string | undefined, plays: boolean): Card {
  const api = (path: string) => apiUrl(document.baseURI, path, { src: name });
  const image = h('img', { alt: '', hidden: true });
  const state = h('span', { class: 'state' });
  const viewerCount = h('span');
  const viewers = h('span', { class: 'viewers' }, eyeIcon(), viewerCount);
  const picture = h(
    'a',
    { class: 'picture', 'aria-label': `Watch ${name}` },
    image,
    h('span', { class: 'glyph' }, playIcon()),
    state,
    viewers,
  );
  if (plays) picture.prepend(h('porthole-player', { src: name, name: '', muted: true, inert: true }));
  const codecs = h('p');
  const transcodes = h('p');
  const links = h(
    'div',
    { class: 'links' },
    h('a', { href: api('api/frame.jpeg'), title: 'One picture as JPEG' }, 'Snapshot'),
    h('a', { href: api('api/stream.mp4'), title: 'The live stream as MP4, without sound controls' }, 'MP4'),
  );
  if (rtsp) links.append(copyButton(rtsp));
  const element = h(
    'li',
    { class: 'card' },
    picture,
    h('div', { class: 'about' }, h('h2', {}, name), codecs, transcodes),
    links,
  );
  let shown = '';

  return {
    element,
    update(stream) {
      if (stream.state === 'live' && !plays)
        wantThumbnail(image, apiUrl(document.baseURI, 'api/frame.jpeg', { src: name, width: '640' }));
      const text = JSON.stringify(stream);
      if (text === shown) return;
      shown = text;
      element.className = `card ${stream.state}`;
      state.textContent = STATES[stream.state];
      viewers.hidden = stream.viewers === 0;
      viewerCount.textContent = String(stream.viewers);
      viewers.title = stream.viewers === 1 ? '1 viewer' : `${stream.viewers} viewers`;
      picture.href = watchUrl(stream);
      codecs.className = stream.state === 'error' ? 'reason' : '';
      codecs.textContent = stream.reason
        ? sentence(stream.reason)
        : stream.codecs || (stream.empty ? 'Waits for somebody to publish' : 'Starts when somebody watches');
      transcodes.hidden = stream.transcodes.length === 0;
      transcodes.textContent = stream.transcodes.join(' · ');
    },
    remove() {
      forgetThumbnail(image);
      element.remove();
    },
  };
}

function watchUrl({ name, talk }: StreamSummary): string {
  const query: Record<string, string> = talk ? { src: name, media: 'video,audio,microphone' } : { src: name };
  return apiUrl(document.baseURI, 'stream.html', query);
}

function copyButton(address: string): HTMLButtonElement {
  const button = h(
    'button',
    {
      type: 'button',
      title: address,
      onclick: async () => {
        button.textContent = (await copyText(address)) ? 'Copied' : 'Press Ctrl+C';
        setTimeout(() => {
          button.textContent = 'Copy RTSP';
        }, COPIED_MS);
      },
    },
    'Copy RTSP',
  );
  return button;
}
