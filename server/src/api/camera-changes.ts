/**
 * Cameras that clients add, change and remove: the streams behind them, their settings, and what the config file says of
 * both, in one edit.
 */
import { isCameraName, patchSettings, type SettingsPatch } from '../cameras/settings.ts';
import type { ConfigChange } from '../config/keep.ts';
import type { Config } from '../config/schema.ts';
import { asWritten } from '../config/written-sources.ts';
import { StreamError } from '../core/errors.ts';
import type { Client } from './access.ts';
import type { ApiContext } from './context.ts';
import { HttpError } from './errors.ts';
import { meantSource, sourcesOf } from './masked-sources.ts';
import { checkSources, checkStreamName, setSources } from './stream-changes.ts';

/** What is to be another one; null removes. */
export interface CameraPatch extends Omit<SettingsPatch, 'sub'> {
  readonly sources?: readonly string[] | undefined;
  /** Of the sub stream; null or empty: it has none any more. */
  readonly sub_sources?: readonly string[] | null | undefined;
}

/** Creates the camera, or changes it. Rejects with StreamError or HttpError, and then nothing has changed. */
export async function putCamera(
  context: ApiContext,
  client: Client,
  id: string,
  { sources, sub_sources: subSources, ...patch }: CameraPatch,
): Promise<void> {
  const { streams, cameras } = context;
  checkCameraName(context, id);
  const isNew = streams.get(id) === undefined;
  if (isNew && !sources) throw new HttpError(400, 'sources is missing: there is no such camera yet');
  const settings = cameras.settingsOf(id);
  const hasSub = settings.sub !== undefined && cameras.ownerOf(settings.sub) === id;
  const sub = hasSub ? settings.sub! : freeName(context, `${id}_sub`);
  const wantsSub = subSources && subSources.length > 0;
  const main = sources && meantSources(context, id, sources);
  const small = wantsSub ? meantSources(context, sub, subSources) : undefined;

  const { store } = context;
  const text = (await store.file?.read()) ?? '';
  const edits: ConfigChange[] = [];
  const give = (name: string, given: readonly string[] | undefined): void => {
    if (!given) return;
    const before = sourcesOf(context, name);
    if (streams.get(name) && before.join('\n') === given.join('\n')) return;
    setSources(context, client, name, given);
    const written = asWritten(text, store.current, name, given);
    edits.push([sourcesPath(store.current, name), written.length === 1 ? written[0] : written]);
  };
  give(id, main);
  give(sub, small);
  const dropsSub = subSources !== undefined && !wantsSub && hasSub;
  const subPatch = wantsSub ? { sub } : dropsSub ? { sub: null } : {};
  edits.push(...cameras.set(id, patchSettings(settings, { ...patch, ...subPatch })));
  if (dropsSub) edits.push(...removeStream(context, sub));
  await context.changes.keep(edits);
}

/** Removes the camera with its streams. Throws StreamError `not_found`. */
export async function deleteCamera(context: ApiContext, id: string): Promise<void> {
  const { cameras } = context;
  const names = cameras.require(id).streams.map(({ name }) => name);
  const [main = id] = names;
  const edits = names.flatMap((name) => removeStream(context, name));
  cameras.forget(main);
  await context.changes.keep([...edits, [['cameras', main], undefined]]);
}

/** Of what is kept running, too. */
function removeStream({ streams, owners, preloads }: ApiContext, name: string): ConfigChange[] {
  preloads.stop(name);
  streams.delete(name);
  owners.forget(name);
  return [
    [['streams', name], undefined],
    [['preload', name], undefined],
  ];
}

function checkCameraName({ streams, cameras }: ApiContext, id: string): void {
  checkStreamName(id);
  if (!isCameraName(id)) throw new StreamError('invalid', 'an address is no name of a camera');
  const owner = cameras.ownerOf(id);
  if (owner !== undefined) throw new StreamError('invalid', `${id} is the sub stream of ${owner}`);
  const stream = streams.get(id);
  if (stream && stream.name !== id)
    throw new StreamError('invalid', `${id} is another name of ${stream.name}`);
}

/** A name that no stream has: the wanted one, or with a number. */
function freeName({ streams }: ApiContext, wanted: string): string {
  for (let number = 2, name = wanted; ; number++) {
    if (!streams.get(name)) return name;
    name = `${wanted}${number}`;
  }
}

/** The sources that a client means, those that the stream has already in whatever form. Throws StreamError. */
function meantSources(context: ApiContext, name: string, given: readonly string[]): readonly string[] {
  const known = sourcesOf(context, name);
  const meant = given.map((text) => meantSource(text, known) ?? text);
  checkSources(
    context,
    name,
    meant.filter((text) => !known.includes(text)),
  );
  return meant;
}

/** A stream's entry may hold more than its sources. */
function sourcesPath({ streams }: Config, name: string): readonly string[] {
  const entry = Object.hasOwn(streams, name) ? streams[name] : null;
  const isSection = typeof entry === 'object' && entry !== null && !Array.isArray(entry);
  return isSection ? ['streams', name, 'url'] : ['streams', name];
}
