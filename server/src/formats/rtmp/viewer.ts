/** A receiver of our messages: a player at our server, or the server that we publish to. */
import type { Chunk, Muxer, Peer, Viewer } from '../../core/model.ts';

export interface RtmpViewerOptions {
  readonly peer: Peer;
  readonly queuedBytes: () => number;
  readonly write: (bytes: Buffer) => void;
  /** Called before the first bytes. */
  readonly onStart: () => void;
  readonly onClose: (reason: Error | undefined) => void;
}

export function createRtmpViewer(options: RtmpViewerOptions): Viewer {
  const { peer, queuedBytes, write, onStart, onClose } = options;
  let started = false;
  return {
    peer,
    get queuedBytes() {
      return queuedBytes();
    },
    start({ header, continuation = header }: Muxer) {
      if (!started) onStart();
      for (const bytes of started ? continuation : header) write(bytes);
      started = true;
    },
    write({ body }: Chunk) {
      for (const bytes of body) write(bytes);
    },
    close: onClose,
  };
}
