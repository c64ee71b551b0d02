/**
 * Which stream a client of our server means.
 *
 *   rtmp://host/front door                  app `front door`
 *   rtmp://host/live/front?audio=aac        app `live`, stream `front?audio=aac`
 *   rtmp://host/garden/any-key              app `garden`: cameras that insist on a key
 */

export interface StreamRequest {
  /** Names to try, in order: the whole path, the application, the last part. */
  readonly names: readonly string[];
  /** Of the application and the stream together. */
  readonly query: URLSearchParams;
}

/** Reads the application of `connect` and the name of `play` or `publish`. */
export function parseStreamRequest(app: string, name: string): StreamRequest {
  const [appPath, appQuery] = splitQuery(app);
  const [path, query] = splitQuery(name);
  const whole = [appPath, path].filter(Boolean).join('/');
  const last = whole.slice(whole.lastIndexOf('/') + 1);
  const names = [whole, appPath, last].filter(Boolean).flatMap((text) => [text, decode(text)]);
  return {
    names: [...new Set(names)],
    query: new URLSearchParams([...new URLSearchParams(appQuery), ...new URLSearchParams(query)]),
  };
}

function splitQuery(text: string): [path: string, query: string] {
  const question = text.indexOf('?');
  const path = question < 0 ? text : text.slice(0, question);
  return [path.replace(/^\/+|\/+$/g, ''), question < 0 ? '' : text.slice(question + 1)];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
