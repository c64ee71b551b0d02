/** The icons, drawn on a grid of 24 with lines of 1.8. */
import { html, type SVGTemplateResult, svg, type TemplateResult } from 'lit';

const PATHS = {
  cameras: 'M3 8a2 2 0 0 1 2-2h9a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2zM16 10.5 21 8v8l-5-2.5',
  add: 'M12 5v14M5 12h14',
  map: 'M6 8.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM18 20.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM18 8.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM8.5 6h7M6 8.5V14a4 4 0 0 0 4 4h5.5',
  config: 'M4 6h9M17 6h3M4 12h3M11 12h9M4 18h7M15 18h5M15 4v4M9 10v4M13 16v4',
  log: 'M5 4h14v16H5zM8.5 8.5h7M8.5 12h7M8.5 15.5h4',
  back: 'M15 5l-7 7 7 7',
  next: 'M9 5l7 7-7 7',
  down: 'M5 9l7 7 7-7',
  up: 'M5 15l7-7 7 7',
  more: 'M12 6.6a.6.6 0 1 0 0-1.2.6.6 0 0 0 0 1.2zM12 12.6a.6.6 0 1 0 0-1.2.6.6 0 0 0 0 1.2zM12 18.6a.6.6 0 1 0 0-1.2.6.6 0 0 0 0 1.2z',
  close: 'M6 6l12 12M18 6 6 18',
  check: 'M5 12.5l4.5 4.5L19 7',
  warning: 'M12 4 2.8 19.5h18.4zM12 10v4.2M12 17v.1',
  info: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 11v5M12 8v.1',
  search: 'M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.5 15.5 20 20',
  copy: 'M9 9h10v11H9zM5 15V4h10',
  qr: 'M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2v2h-2zM18 18h2v2h-2zM18 14h2M14 20v-1',
  snapshot: 'M4 8h3l1.5-2.5h7L17 8h3v11H4zM12 16.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z',
  edit: 'M4 20l1-4L16 5l3 3L8 19z',
  restart: 'M19.5 12a7.5 7.5 0 1 1-2.2-5.3L19.5 9M19.5 4v5h-5',
  power: 'M12 3.5v8M7 6.5a7.5 7.5 0 1 0 10 0',
  trash: 'M4.5 7h15M9.5 7V4.5h5V7M6.5 7l1 13h9l1-13M10 11v5.5M14 11v5.5',
  play: 'M8.5 5.2v13.6L19.5 12z',
  eye: 'M2.5 12S6 5.8 12 5.8 21.5 12 21.5 12 18 18.2 12 18.2 2.5 12 2.5 12zM12 9.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6z',
  sleep: 'M20 14.5A8 8 0 1 1 9.5 4a6.5 6.5 0 0 0 10.5 10.5z',
  key: 'M8 15.5a3.8 3.8 0 1 0 0-7.5 3.8 3.8 0 0 0 0 7.5zM11.7 11.5H21v3.5M17.5 11.5V14',
  link: 'M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.3l-1 1M14 10a4 4 0 0 0-5.7 0l-3 3A4 4 0 0 0 11 18.7l1-1',
  form: 'M4 5h16v5H4zM4 14h10v5H4zM18 16.5h2',
  radar: 'M12 21a9 9 0 1 1 9-9M12 16.5a4.5 4.5 0 1 1 4.5-4.5M12 12l6.5 6.5',
  sound: 'M4 9.5h3.5L12 6v12l-4.5-3.5H4zM15.5 9a4 4 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11',
  mute: 'M4 9.5h3.5L12 6v12l-4.5-3.5H4zM16 9.5l5 5M21 9.5l-5 5',
  microphone: 'M12 14.5a3 3 0 0 0 3-3v-5a3 3 0 0 0-6 0v5a3 3 0 0 0 3 3zM6 11.5a6 6 0 0 0 12 0M12 17.5V21',
  plus: 'M12 6v12M6 12h12',
  minus: 'M6 12h12',
  left: 'M14 7l-5 5 5 5',
  right: 'M10 7l5 5-5 5',
  stop: 'M7 7h10v10H7z',
  menu: 'M4 7h16M4 12h16M4 17h16',
  sun: 'M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 3v1.5M12 19.5V21M3 12h1.5M19.5 12H21M5.6 5.6l1.1 1.1M17.3 17.3l1.1 1.1M18.4 5.6l-1.1 1.1M6.7 17.3l-1.1 1.1',
  moon: 'M20 14.5A8 8 0 1 1 9.5 4a6.5 6.5 0 0 0 10.5 10.5z',
  globe:
    'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM3 12h18M12 3c2.5 2.6 3.8 5.6 3.8 9s-1.3 6.4-3.8 9c-2.5-2.6-3.8-5.6-3.8-9S9.5 5.6 12 3z',
  download: 'M12 4v11M7 10.5l5 5 5-5M4.5 20h15',
  pause: 'M8.5 5.5v13M15.5 5.5v13',
  filter: 'M4 5h16l-6.5 7.5V19l-3-1.5v-5z',
  undo: 'M8 5 4 9l4 4M4 9h10a5.5 5.5 0 0 1 0 11h-4',
  offline:
    'M3 3l18 18M8.5 16a5 5 0 0 1 7 0M5.5 12.5a9.5 9.5 0 0 1 4-2.3M2.5 9a14 14 0 0 1 4.5-2.8M12.5 5.5A14 14 0 0 1 21.5 9M15.5 10.9a9.5 9.5 0 0 1 3 1.6M12 19.5v.1',
  usb: 'M12 21V5M9.5 7.5 12 4l2.5 3.5M12 16l-5-3v-3M12 14l5-2.5V9M5.5 8h3v2h-3zM15.5 7h3v2h-3zM12 21v.1',
  home: 'M4 11.5 12 4.5l8 7M6.5 9.5V19.5h11V9.5M10 19.5v-5h4v5',
  video: 'M3.5 6h17v12h-17zM7.5 6v12M16.5 6v12M3.5 10h4M3.5 14h4M16.5 10h4M16.5 14h4',
  convert: 'M4 8.5h13M13.5 5 17 8.5 13.5 12M20 15.5H7M10.5 12 7 15.5l3.5 3.5',
  fit: 'M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5',
  list: 'M9 6h11M9 12h11M9 18h11M4.5 6v.01M4.5 12v.01M4.5 18v.01',
} as const;

export type IconName = keyof typeof PATHS;

const SHAPES = new Map<IconName, SVGTemplateResult>();

/** An icon; it says nothing to screen readers, so what it stands for has a name of its own. */
export function icon(name: IconName, size = 20): TemplateResult {
  let shape = SHAPES.get(name);
  if (!shape) {
    shape = svg`<path d=${PATHS[name]}></path>`;
    SHAPES.set(name, shape);
  }
  return html`<svg
    viewBox="0 0 24 24" width=${size} height=${size} aria-hidden="true" fill="none" stroke="currentColor"
    stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round">${shape}</svg>`;
}
