/** What the attributes of a player say; the list of them is in player.ts. */
import { type Connect, connectBeside } from './addresses.ts';
import { DEFAULT_MODE } from './policy.ts';
import type { TierChoice } from './tier.ts';

export interface PlayerAttributes {
  readonly src: string;
  readonly base: string;
  /** The addresses beside `base`. */
  readonly connect: Connect;
  readonly hasSub: boolean;
  readonly tier: TierChoice;
  readonly mode: string;
  readonly media: readonly string[];
  readonly name: string;
  readonly openMicrophone: boolean;
  /** A CSS ratio; undefined: that of the picture. */
  readonly aspect: string | undefined;
  readonly zoom: boolean;
  readonly background: boolean;
  readonly slideshow: boolean;
}

/** Changing one of these needs another stream. */
export const STREAM_ATTRIBUTES: readonly string[] = [...['src', 'sub', 'mode', 'media', 'base', 'slideshow']];

export function readAttributes(host: Element): PlayerAttributes {
  const get = (name: string) => host.getAttribute(name) ?? undefined;
  const src = get('src') ?? '';
  const base = new URL(get('base') ?? '', document.baseURI).href;
  const tier = get('tier');
  return {
    src,
    base,
    connect: connectBeside(base, src, get('sub') ?? ''),
    hasSub: host.hasAttribute('sub'),
    tier: tier === 'main' || tier === 'sub' ? tier : 'auto',
    mode: get('mode') || DEFAULT_MODE,
    media: (get('media') || 'video,audio').split(/[\s,+]+/),
    name: get('name') ?? src,
    openMicrophone: get('talk') === 'open',
    aspect: get('aspect'),
    zoom: get('zoom') !== 'off',
    background: host.hasAttribute('background'),
    slideshow: host.hasAttribute('slideshow'),
  };
}
