/**
 * Pictures of streams that run anyway. Each may cost the server a decode, so they are asked for one after the other,
 * only for cards on the screen, and not again for a while.
 */
const FRESH_MS = 60_000;

const urls = new WeakMap<HTMLImageElement, string>();
const loadedAtMs = new WeakMap<HTMLImageElement, number>();
const visible = new Set<HTMLImageElement>();
const queue = new Set<HTMLImageElement>();
let loading = false;

const observer = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    const image = (target as HTMLElement).querySelector('img')!;
    if (isIntersecting) visible.add(image);
    else visible.delete(image);
    enqueue(image);
  }
});

/** Shows a picture from `url` in `image` when it comes on the screen; call again to keep it fresh. */
export function wantThumbnail(image: HTMLImageElement, url: string): void {
  if (!urls.has(image) && image.parentElement) observer.observe(image.parentElement);
  urls.set(image, url);
  enqueue(image);
}

export function forgetThumbnail(image: HTMLImageElement): void {
  if (image.parentElement) observer.unobserve(image.parentElement);
  visible.delete(image);
  queue.delete(image);
}

function enqueue(image: HTMLImageElement): void {
  const age = Date.now() - (loadedAtMs.get(image) ?? Number.NEGATIVE_INFINITY);
  if (visible.has(image) && age > FRESH_MS) queue.add(image);
  if (!loading) void run();
}

async function run(): Promise<void> {
  loading = true;
  for (const image of queue) {
    queue.delete(image);
    loadedAtMs.set(image, Date.now());
    await load(image, urls.get(image)!);
  }
  loading = false;
}

/** Loads beside the picture that is shown, so that an old one stays until the new one is there. */
async function load(image: HTMLImageElement, url: string): Promise<void> {
  const next = new Image();
  next.src = `${url}&t=${Date.now()}`;
  try {
    await next.decode();
    image.src = next.src;
    image.hidden = false;
  } catch {
    // No picture now: the card shows its placeholder, or the picture before.
  }
}
