/** The pages there are: what each is called, who may see it, and what is loaded for it. */
import type { Area, MessageKey } from '../lib/i18n.ts';
import type { IconName } from '../lib/icons.ts';
import type { PageName, Place } from '../lib/router.ts';

/** What the element of a page is: it is told its place, and again when only the query changes. */
export interface PageElement extends HTMLElement {
  place: Place;
}

export interface PageDefinition {
  readonly tag: string;
  readonly load: () => Promise<unknown>;
  /** Catalogues besides `common`. */
  readonly areas: readonly Area[];
  readonly title: MessageKey;
  /** Only those who administrate see it. */
  readonly admin: boolean;
  /** In the navigation, with this icon; others are reached from these. */
  readonly icon?: IconName;
  /** The page of the navigation it belongs to. */
  readonly under?: PageName;
}

export const PAGES: Readonly<Record<PageName, PageDefinition>> = {
  cameras: {
    tag: 'ph-cameras',
    load: () => import('./cameras/cameras.ts'),
    areas: ['cameras'],
    title: 'common.page.cameras',
    admin: false,
    icon: 'cameras',
  },
  add: {
    tag: 'ph-add',
    load: () => import('./add/add.ts'),
    areas: ['add', 'camera', 'cameras'],
    title: 'common.page.add',
    admin: true,
    under: 'cameras',
  },
  camera: {
    tag: 'ph-camera',
    load: () => import('./camera/camera.ts'),
    areas: ['camera', 'cameras', 'log'],
    title: 'common.page.camera',
    admin: false,
    under: 'cameras',
  },
  map: {
    tag: 'ph-map',
    load: () => import('./map/map.ts'),
    areas: ['map'],
    title: 'common.page.map',
    admin: true,
    icon: 'map',
  },
  config: {
    tag: 'ph-config',
    load: () => import('./config/config.ts'),
    areas: ['config'],
    title: 'common.page.config',
    admin: true,
    icon: 'config',
  },
  log: {
    tag: 'ph-log',
    load: () => import('./log/log.ts'),
    areas: ['log'],
    title: 'common.page.log',
    admin: true,
    icon: 'log',
  },
};
