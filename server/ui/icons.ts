/** The few icons of the list. */

function svg(size: number, path: string, filled = false): SVGSVGElement {
  const element = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const paint = filled
    ? { fill: 'currentColor' }
    : { fill: 'none', stroke: 'currentColor', 'stroke-width': '1.8' };
  const attributes = {
    viewBox: '0 0 24 24',
    width: String(size),
    height: String(size),
    'aria-hidden': 'true',
  };
  for (const [name, value] of Object.entries({ ...attributes, ...paint })) element.setAttribute(name, value);
  const shape = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  shape.setAttribute('d', path);
  shape.setAttribute('stroke-linecap', 'round');
  shape.setAttribute('stroke-linejoin', 'round');
  element.append(shape);
  return element;
}

export function playIcon(): SVGSVGElement {
  return svg(28, 'M8.5 5.2v13.6L19.5 12z', true);
}

export function eyeIcon(): SVGSVGElement {
  return svg(
    16,
    'M2.5 12S6 5.8 12 5.8 21.5 12 21.5 12 18 18.2 12 18.2 2.5 12 2.5 12zM12 9.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6z',
  );
}

export function warningIcon(): SVGSVGElement {
  return svg(22, 'M12 4 2.8 19.5h18.4zM12 10v4.2M12 17v.1');
}
