/** Looking closer by wheel, pinch, drag and double click, on the frame around the picture. */
import { type Look, panBy, transformOf, WHOLE, zoomAt } from './zoom.ts';

export interface Gestures {
  readonly look: Look;
  /** By keyboard and button, around the middle. */
  zoom(factor: number): void;
  /** By parts of the frame. */
  pan(dx: number, dy: number): void;
  reset(): void;
}

export interface GestureOptions {
  readonly frame: HTMLElement;
  /** Gets the transform as the custom property `--look`. */
  readonly host: HTMLElement;
  enabled(): boolean;
  /** Whether the wheel may zoom without Ctrl: a card among others must not hold up the page that is scrolled. */
  ownsWheel(): boolean;
  /** On the whole picture; what is looked at closer is whole again. */
  doubleClicked(): void;
  changed(): void;
}

export function createGestures(options: GestureOptions): Gestures {
  const { frame, host, enabled, ownsWheel, doubleClicked, changed } = options;
  const pointers = new Map<number, { x: number; y: number }>();
  let look = WHOLE;

  const set = (next: Look) => {
    if (next === look) return;
    look = next;
    host.style.setProperty('--look', transformOf(look));
    host.toggleAttribute('zoomed', look.scale > 1);
    changed();
  };

  /** Parts of the host: the frame itself grows with the picture. */
  const place = (event: MouseEvent) => {
    const box = host.getBoundingClientRect();
    return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
  };

  /** Middle and spread of the fingers. */
  const grip = () => {
    const [first, second = first] = [...pointers.values()];
    const spread = Math.hypot(first!.x - second!.x, first!.y - second!.y);
    return { x: (first!.x + second!.x) / 2, y: (first!.y + second!.y) / 2, spread };
  };

  frame.addEventListener(
    'wheel',
    (event) => {
      const wanted = event.ctrlKey || event.metaKey || look.scale > 1 || ownsWheel();
      if (!enabled() || !wanted || (look.scale === 1 && event.deltaY > 0)) return;
      event.preventDefault();
      set(zoomAt(look, Math.exp(-event.deltaY / (event.ctrlKey ? 120 : 400)), place(event)));
    },
    { passive: false },
  );
  frame.addEventListener('pointerdown', (event) => {
    if (!enabled() || event.button !== 0) return;
    pointers.set(event.pointerId, place(event));
    if (look.scale > 1 || pointers.size > 1) frame.setPointerCapture(event.pointerId);
  });
  frame.addEventListener('pointermove', (event) => {
    if (!pointers.has(event.pointerId)) return;
    const before = grip();
    pointers.set(event.pointerId, place(event));
    const after = grip();
    const pinched =
      pointers.size > 1 && before.spread > 0 ? zoomAt(look, after.spread / before.spread, before) : look;
    if (pinched.scale > 1) set(panBy(pinched, after.x - before.x, after.y - before.y));
    else set(pinched);
  });
  frame.addEventListener('dblclick', () => (look.scale > 1 ? set(WHOLE) : doubleClicked()));
  for (const type of ['pointerup', 'pointercancel'] as const)
    frame.addEventListener(type, (event) => pointers.delete(event.pointerId));

  return {
    get look() {
      return look;
    },
    zoom: (factor) => enabled() && set(zoomAt(look, factor, { x: 0.5, y: 0.5 })),
    pan: (dx, dy) => set(panBy(look, dx, dy)),
    reset: () => set(WHOLE),
  };
}
