/** The player page: `stream.html?src=a[&src=b…]&mode=…&media=…&background&width=320px`. */
import './styles/stream.css';
import '../../frontend-card/src/player/player.ts';
import { h } from '../../frontend-card/src/player/dom.ts';
import { parsePageQuery } from '../../frontend-card/src/player/url.ts';

const { players, media, background, width } = parsePageQuery(location.search);
const names = [...new Set(players.map(({ src }) => src))];

document.title = names.length > 0 ? `${names.join(', ')} · Porthole` : 'Porthole';
document.body.className = players.length === 1 ? 'one' : 'many';
document.body.classList.toggle('sized', width !== '');

for (const { src, mode } of players) {
  const player = h('porthole-player', { src, mode, media, background, muted: players.length > 1 });
  if (width && players.length > 1) player.style.flex = `1 0 ${width}`;
  if (players.length === 1 && window === window.top)
    player.append(h('a', { slot: 'lead', class: 'back', href: './', 'aria-label': 'All streams' }, '‹'));
  document.body.append(player);
}
if (players.length === 0) {
  const home = h('a', { href: './' }, 'the list of streams');
  document.body.append(h('p', {}, 'Which stream? Choose one from ', home, '.'));
}
