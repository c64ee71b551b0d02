/**
 * Addresses of the server's API, and the query of the player page. Pure: no DOM.
 *
 * Everything is relative to a base, so that the player works behind an ingress prefix or `api.base_path`:
 *
 *   https://ha.local/api/hassio_ingress/TOKEN/stream.html?src=door      the base: the document itself
 *   wss://ha.local/api/hassio_ingress/TOKEN/api/ws?src=door             socketUrl(base, 'door')
 */

/** `api/…` beside the document at `base`, with a query; `path` without a leading slash. */
export function apiUrl(base: string, path: string, query: Readonly<Record<string, string>> = {}): string {
  const url = new URL(path, base);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url.href;
}

/** The WebSocket of a stream. A base without a path prefix and one with it work alike. */
export function socketUrl(base: string, src: string): string {
  const url = new URL(apiUrl(base, 'api/ws', { src }));
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}

/** `rtsp://host:port/name` from the page's host and the `rtsp.listen` that `/api` tells (`:8554`, `0.0.0.0:8554`, `[::]:8554`). */
export function rtspUrl(base: string, listen: string, name: string): string {
  const port = /:(\d+)$/.exec(listen)?.[1] ?? '8554';
  const { hostname } = new URL(base);
  return `rtsp://${hostname}:${port}/${encodeURIComponent(name)}`;
}

export interface PlayerQuery {
  readonly src: string;
  /** Empty: the player's own choice. */
  readonly mode: string;
}

export interface PageQuery {
  readonly players: readonly PlayerQuery[];
  readonly media: string;
  /** Keeps playing while hidden or off-screen. */
  readonly background: boolean;
  /** CSS width of each of several players; empty: an even grid. */
  readonly width: string;
}

/**
 * Reads `?src=a&src=b&mode=…&media=…&background&width=320px`.
 * The n-th mode belongs to the n-th src; the shorter of the two lists is filled up with its first item,
 * so `?src=a&mode=mse&mode=webrtc` compares two modes side by side.
 */
export function parsePageQuery(search: string): PageQuery {
  const query = new URLSearchParams(search);
  const sources = query.getAll('src').filter(Boolean);
  const modes = query.getAll('mode');
  const count = sources.length && Math.max(sources.length, modes.length);
  const players = Array.from({ length: count }, (_, index) => ({
    src: sources[index] ?? sources[0] ?? '',
    mode: modes[index] ?? modes[0] ?? '',
  }));
  return {
    players,
    media: query.getAll('media').join(','),
    background: query.has('background') && query.get('background') !== 'false',
    width: cssWidth(query.get('width') ?? ''),
  };
}

/** A width as the peer's links write it: `320`, `320px`, `50%`, `20em`; anything else is ignored. */
function cssWidth(text: string): string {
  const [, number, unit] = /^(\d{1,5}(?:\.\d+)?)(px|%|em|rem|vw|vh)?$/.exec(text.trim()) ?? [];
  return number ? number + (unit ?? 'px') : '';
}
