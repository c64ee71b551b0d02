/** A sentence that is shown for a few seconds. */

const NOTICE_MS = 6000;

export interface Notice {
  /** Empty: none now. */
  readonly words: string;
  tell(words: string): void;
  close(): void;
}

export function createNotice(changed: () => void): Notice {
  let words = '';
  let timer: ReturnType<typeof setTimeout> | undefined;
  const set = (next: string) => {
    words = next;
    clearTimeout(timer);
    changed();
  };
  return {
    get words() {
      return words;
    },
    tell(next) {
      set(next);
      timer = setTimeout(set, NOTICE_MS, '');
    },
    close: () => clearTimeout(timer),
  };
}
