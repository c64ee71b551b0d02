/** Whether somebody can see an element: on the screen, in a tab that is not hidden, on a page that is not left. */

export interface Presence {
  readonly seen: boolean;
  close(): void;
}

/** `changed` is called when `seen` may have changed, `left` when the page goes away. */
export function watchPresence(element: Element, changed: () => void, left: () => void): Presence {
  let onScreen = true;
  const ended = new AbortController();
  const { signal } = ended;
  const observer = new IntersectionObserver((entries) => {
    onScreen = entries.at(-1)!.isIntersecting;
    changed();
  });
  observer.observe(element);
  document.addEventListener('visibilitychange', changed, { signal });
  addEventListener('pageshow', changed, { signal });
  addEventListener('pagehide', left, { signal });
  return {
    get seen() {
      return onScreen && !document.hidden;
    },
    close() {
      observer.disconnect();
      ended.abort();
    },
  };
}
