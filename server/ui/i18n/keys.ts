/** Every message there is, as the English catalogues have them. */
import type add from './en/add.json';
import type camera from './en/camera.json';
import type cameras from './en/cameras.json';
import type common from './en/common.json';
import type config from './en/config.json';
import type log from './en/log.json';
import type map from './en/map.json';

interface Catalogues {
  readonly common: typeof common;
  readonly cameras: typeof cameras;
  readonly add: typeof add;
  readonly camera: typeof camera;
  readonly map: typeof map;
  readonly config: typeof config;
  readonly log: typeof log;
}

export type Area = keyof Catalogues;

/** `cameras.viewers` */
export type MessageKey = {
  [A in Area]: `${A}.${Extract<keyof Catalogues[A], string>}`;
}[Area];
