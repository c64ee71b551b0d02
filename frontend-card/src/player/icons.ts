/** The icons of the control bar and of the card: strokes on a 24 × 24 grid. */

const PATHS = {
  play: 'M8 5.2v13.6L19 12z',
  pause: 'M8.5 5.5v13M15.5 5.5v13',
  sound: 'M4 9.5v5h3.4l4.6 4v-13l-4.6 4zM15.6 9.2a4 4 0 0 1 0 5.6M18.2 6.6a7.7 7.7 0 0 1 0 10.8',
  muted: 'M4 9.5v5h3.4l4.6 4v-13l-4.6 4zM16 9.7l4.6 4.6M20.6 9.7 16 14.3',
  microphone: 'M12 3.5a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0v-5a3 3 0 0 1 3-3zM5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3',
  snapshot: 'M3.5 8.2h3.8l1.6-2.7h6.2l1.6 2.7h3.8v10.6h-17zM12 10a3.4 3.4 0 1 0 0 6.8 3.4 3.4 0 0 0 0-6.8z',
  pip: 'M3.5 5.5h17v13h-17zM12 11.8h5.6v3.9H12z',
  enlarge: 'M4.5 9V4.5H9M15 4.5h4.5V9M19.5 15v4.5H15M9 19.5H4.5V15',
  shrink: 'M9 4.5V9H4.5M19.5 9H15V4.5M15 19.5V15h4.5M4.5 15H9v4.5',
  whole: 'M10.5 4.5a6 6 0 1 1 0 12 6 6 0 0 1 0-12zM15 15l5 5M7.8 10.5h5.4',
  left: 'M14.5 5.5 8 12l6.5 6.5',
  right: 'M9.5 5.5 16 12l-6.5 6.5',
  up: 'M5.5 14.5 12 8l6.5 6.5',
  down: 'M5.5 9.5 12 16l6.5-6.5',
  plus: 'M12 5.5v13M5.5 12h13',
  minus: 'M5.5 12h13',
  home: 'M4.5 11.5 12 5l7.5 6.5M7 10v8.5h10V10',
  move: 'M12 3.5v17M3.5 12h17M9.5 6 12 3.5 14.5 6M9.5 18l2.5 2.5 2.5-2.5M6 9.5 3.5 12 6 14.5M18 9.5l2.5 2.5-2.5 2.5',
  close: 'M6 6l12 12M18 6 6 18',
  phone:
    'M6.2 4.5h3l1.6 4-2 1.6a12 12 0 0 0 5.1 5.1l1.6-2 4 1.6v3c0 .9-.8 1.7-1.7 1.6C10.9 18.9 5.1 13.1 4.6 6.2 4.5 5.3 5.3 4.5 6.2 4.5z',
  hangUp: 'M2.5 14.8c5.5-5.6 13.5-5.6 19 0l-2.4 3-4.6-1.9v-2.8a10.5 10.5 0 0 0-5 0v2.8l-4.6 1.9z',
  bell: 'M6.5 16.5V11a5.5 5.5 0 0 1 11 0v5.5l1.5 1.5H5zM10 20.5h4M12 5.5v-2',
  door: 'M7 20.5v-17h10v17M4.5 20.5h15M14 12v.2',
  streams: 'M4 7.5h16M4 12h16M4 16.5h10',
  retry: 'M19 12a7 7 0 1 1-2-4.9M19.5 3.5v4h-4',
} as const;

export type IconName = keyof typeof PATHS;

/** What to draw, for templates that make their own svg. */
export function pathOf(name: IconName): string {
  return PATHS[name];
}

/** A new svg element; shown or hidden by its name through `data-icon`. */
export function icon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  setIcon(svg, name);
  return svg;
}

export function setIcon(svg: SVGSVGElement, name: IconName): void {
  if (svg.dataset.icon === name) return;
  svg.dataset.icon = name;
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  path.setAttribute('d', PATHS[name]);
  svg.replaceChildren(path);
}
