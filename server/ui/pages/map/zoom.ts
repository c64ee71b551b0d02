/** Dragging with the mouse, pinching, and the wheel with Ctrl on an element that scrolls. */

/** A wheel notch is 100 or so; trackpads send small steps, and pinches as wheel with Ctrl. */
const WHEEL_STEP = 0.0022;
/** A mouse that moved less was meant to click. */
const DRAG_PX = 5;

/** Scrolls `frame` by itself; calls `onScale` with a factor and the point in `frame` that should stay. */
export function followGestures(
  frame: HTMLElement,
  onScale: (factor: number, x: number, y: number) => void,
): void {
  let dragged: { id: number; x: number; y: number; far: boolean } | undefined;
  let pinched: Spread | undefined;

  const scale = (factor: number, clientX: number, clientY: number) => {
    const { left, top } = frame.getBoundingClientRect();
    onScale(factor, clientX - left, clientY - top);
  };

  frame.addEventListener(
    'wheel',
    (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      scale(Math.exp(-event.deltaY * WHEEL_STEP), event.clientX, event.clientY);
    },
    { passive: false },
  );

  frame.addEventListener(
    'touchmove',
    (event) => {
      const before = pinched;
      pinched = spread(event.touches);
      if (!pinched) return;
      event.preventDefault();
      if (before) scale(pinched.distance / before.distance, pinched.x, pinched.y);
    },
    { passive: false },
  );

  frame.addEventListener('pointerdown', ({ pointerType, button, pointerId, clientX, clientY }) => {
    pinched = undefined;
    if (pointerType !== 'mouse' || button !== 0) return;
    dragged = { id: pointerId, x: clientX, y: clientY, far: false };
  });

  frame.addEventListener('pointermove', ({ pointerId, clientX, clientY }) => {
    if (dragged?.id !== pointerId) return;
    const dx = clientX - dragged.x;
    const dy = clientY - dragged.y;
    if (!dragged.far) {
      if (Math.hypot(dx, dy) < DRAG_PX) return;
      dragged.far = true;
      frame.setPointerCapture(pointerId);
      frame.classList.add('dragged');
    }
    frame.scrollBy(-dx, -dy);
    dragged.x = clientX;
    dragged.y = clientY;
  });

  const end = ({ pointerId }: PointerEvent) => {
    if (dragged?.id !== pointerId) return;
    frame.classList.remove('dragged');
    // The click that ends a drag is none.
    if (dragged.far) frame.addEventListener('click', stop, { capture: true, once: true });
    setTimeout(() => frame.removeEventListener('click', stop, { capture: true }));
    dragged = undefined;
  };
  frame.addEventListener('pointerup', end);
  frame.addEventListener('pointercancel', end);
}

function stop(event: Event): void {
  event.stopPropagation();
  event.preventDefault();
}

interface Spread {
  readonly distance: number;
  readonly x: number;
  readonly y: number;
}

/** Distance and middle of two fingers. */
function spread(touches: TouchList): Spread | undefined {
  const [a, b] = touches;
  if (!a || !b || touches.length > 2) return undefined;
  return {
    distance: Math.max(1, Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY)),
    x: (a.clientX + b.clientX) / 2,
    y: (a.clientY + b.clientY) / 2,
  };
}
