/**
 * The WebSocket API of a stream: `GET api/ws?src=NAME`.
 *
 *   text    {"type":"mse","value":"avc1.640029,mp4a.40.2"}     both ways
 *   text    {"type":"error","value":"mse: stream not found"}   server → client; begins with the mode
 *   binary  media of the one mode that brings any (mse, mp4 or mjpeg)
 */
export interface StreamSocket {
  /** Waits for the socket to open, if need be. */
  send(type: string, value?: unknown): void;
  /** Handles text messages of one type. */
  on(type: string, handler: (value: unknown) => void): void;
  /** Handles binary messages; undefined drops them. */
  onBinary: ((bytes: Uint8Array<ArrayBuffer>) => void) | undefined;
  /** Closes quietly: `closed` is not called. */
  close(): void;
}

/** Going away (1001) says nothing about why. */
const POLITE_CLOSE = 1001;

export interface SocketEnd {
  readonly opened: boolean;
  /** In words, where somebody said it. */
  readonly reason: string;
}

/** Opens the socket as soon as its address is known; `closed` is called once when it could not open or broke. */
export function openSocket(address: Promise<string>, closed: (end: SocketEnd) => void): StreamSocket {
  const handlers = new Map<string, (value: unknown) => void>();
  const early: string[] = [];
  let ws: WebSocket | undefined;
  let opened = false;
  let ended = false;

  const open = (url: string) => {
    if (ended) return;
    ws = new WebSocket(url);
    ws.binaryType = 'arraybuffer';
    ws.onopen = () => {
      opened = true;
      for (const text of early.splice(0)) ws!.send(text);
    };
    ws.onclose = ({ code, reason }) => closed({ opened, reason: code === POLITE_CLOSE ? '' : reason });
    ws.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (typeof data !== 'string') {
        socket.onBinary?.(new Uint8Array(data));
        return;
      }
      const message = parse(data);
      if (message) handlers.get(message.type)?.(message.value);
    };
  };

  const socket: StreamSocket = {
    send(type, value) {
      const text = JSON.stringify({ type, value });
      if (!ws || ws.readyState === WebSocket.CONNECTING) early.push(text);
      else if (ws.readyState === WebSocket.OPEN) ws.send(text);
    },
    on(type, handler) {
      handlers.set(type, handler);
    },
    onBinary: undefined,
    close() {
      ended = true;
      early.length = 0;
      if (!ws) return;
      ws.onclose = ws.onmessage = null;
      ws.close();
    },
  };
  address.then(open).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    if (!ended) closed({ opened, reason });
  });
  return socket;
}

function parse(text: string): { type: string; value: unknown } | undefined {
  try {
    const message: unknown = JSON.parse(text);
    if (typeof message !== 'object' || message === null || !('type' in message)) return undefined;
    return { type: String(message.type), value: 'value' in message ? message.value : undefined };
  } catch {
    return undefined;
  }
}
