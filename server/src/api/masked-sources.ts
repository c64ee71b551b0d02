/**
 * Sources that clients give back as they are shown, with their credentials masked: each means the one that is there, and
 * is not judged again. It may stand in the config file for what clients may not give.
 */
import { redact } from '../util/redact.ts';
import type { ApiContext } from './context.ts';

/** The sources that a stream was given; not what is pushed into it. */
export function sourcesOf({ streams }: Pick<ApiContext, 'streams'>, name: string): readonly string[] {
  const stream = streams.get(name);
  return (stream?.sources ?? []).filter((source) => !stream!.isPushed(source)).map(({ text }) => text);
}

/** The one of these sources that the text means; undefined: it is another. */
export function meantSource(text: string, known: readonly string[]): string | undefined {
  return known.find((source) => source === text) ?? known.find((source) => redact(source) === text);
}
