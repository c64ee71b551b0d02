/**
 * Pictures that are fetched anew. Each may cost the server a decode, so one is asked for after the other, the one that
 * waited longest first.
 */
const FRESH_MS = 8000;

interface Job {
  readonly url: string;
  readonly show: (objectUrl: string) => void;
  loadedAtMs: number;
}

const jobs = new Set<Job>();
let timer: ReturnType<typeof setTimeout> | undefined;
let busy = false;

/** Calls `show` with an object URL of the picture at `url`, now and every few seconds, until the returned way out. */
export function keepFresh(url: string, show: (objectUrl: string) => void): () => void {
  const job: Job = { url, show, loadedAtMs: 0 };
  jobs.add(job);
  schedule();
  return () => jobs.delete(job);
}

function schedule(): void {
  clearTimeout(timer);
  if (busy || jobs.size === 0) return;
  const oldest = [...jobs].reduce((a, b) => (b.loadedAtMs < a.loadedAtMs ? b : a));
  const waitMs = Math.max(0, oldest.loadedAtMs + FRESH_MS - Date.now());
  timer = setTimeout(() => void run(oldest), document.hidden ? Math.max(waitMs, 1000) : waitMs);
}

async function run(job: Job): Promise<void> {
  if (!document.hidden && jobs.has(job)) {
    busy = true;
    job.loadedAtMs = Date.now();
    try {
      const response = await fetch(job.url, { signal: AbortSignal.timeout(15_000) });
      if (response.ok && jobs.has(job)) job.show(URL.createObjectURL(await response.blob()));
    } catch {
      // No picture now: what is shown stays.
    }
    busy = false;
  }
  schedule();
}
