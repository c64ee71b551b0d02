/**
 * What an ONVIF camera tells of: motion, and a doorbell's button. Subscriptions are renewed, and replaced by new ones
 * where a device cannot renew or has lost them.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { StreamError, toStreamError } from '../../core/errors.ts';
import { parseAddress } from '../../net/url.ts';
import type { EventsModule } from '../format.ts';
import { parseSourceText } from '../source-text.ts';
import { type CameraProfile, chooseProfile, connectCamera } from './camera.ts';
import { type DeviceClient, undefinedFor } from './device-client.ts';
import { createEventState, type EventState } from './event-state.ts';
import { type EventKind, isDoorStation, kindOfTopic, topicsOf } from './event-topics.ts';
import { createPullPoint, type PullPoint } from './pull-point.ts';
import { find, xml } from './xml.ts';

/** Some cameras answer at once that there is nothing, whatever time they are given. */
const SHORTEST_PULL_MS = 500;
/** A subscription that fails sooner would not be better for being made anew at once. */
const WORKED_MS = 10_000;

export const watch: EventsModule['watch'] = async (text, context, tell, ready) => {
  const { signal } = context;
  try {
    const { url } = parseSourceText(text);
    const query = new URLSearchParams(/\?(.*)$/s.exec(parseAddress(url).target)?.[1] ?? '');
    const camera = await connectCamera(url, signal);
    const { device } = camera;
    const profiles = await camera.profiles();
    const profile = chooseProfile(profiles, query.get('subtype') ?? '');
    const atDoor = isDoorStation(await device.description());
    const kinds = new Set(await toldKinds(device, atDoor));
    const state = createEventState({
      atDoor,
      isOurs: sourceFilter(profiles, profile),
      tell(event) {
        // Not all that a camera tells is in its list.
        if (!kinds.has(event.type)) ready([...kinds.add(event.type)]);
        tell(event);
      },
    });
    ready([...kinds]);
    try {
      while (!signal.aborted) await subscribe(device, state, signal);
    } finally {
      if (!signal.aborted) state.end();
    }
  } catch (error) {
    if (!signal.aborted) throw toStreamError(error);
  }
};

/** One subscription, until a new one is needed; rejects where that would not help. */
async function subscribe(device: DeviceClient, state: EventState, signal: AbortSignal): Promise<void> {
  const pullPoint = await createPullPoint(device, signal);
  const subscribedAt = performance.now();
  let renews = true;
  state.restart();
  try {
    while (pullPoint.leftMs() > 0) {
      const startedAt = performance.now();
      const notifications = await pullPoint.pull();
      state.accept(notifications);
      if (renews && pullPoint.leftMs() < pullPoint.leaseMs / 2) renews = await renew(pullPoint);
      const leftMs = SHORTEST_PULL_MS - (performance.now() - startedAt);
      if (notifications.length === 0 && leftMs > 0) await sleep(leftMs, undefined, { signal });
    }
  } catch (error) {
    // A camera that was restarted, or has forgotten the subscription: it is asked anew.
    if (signal.aborted || performance.now() - subscribedAt < WORKED_MS) throw error;
  } finally {
    await pullPoint.close();
  }
}

/** Whether it could be renewed: not all devices can. */
async function renew(pullPoint: PullPoint): Promise<boolean> {
  const refused = await pullPoint.renew().then(
    () => false,
    (error) => undefinedFor('unsupported', 'protocol', 'not_found')(error) === undefined,
  );
  return !refused;
}

/** The kinds among the topics that the camera lists; none where it has no list. Rejects where it has one without them. */
async function toldKinds(device: DeviceClient, atDoor: boolean): Promise<readonly EventKind[]> {
  const { session, services, where } = device;
  if (services.events === undefined) {
    throw new StreamError('unsupported', `${where}: the camera has no events`);
  }
  const action = 'http://www.onvif.org/ver10/events/wsdl/EventPortType/GetEventPropertiesRequest';
  const answer = await session
    .call(services.events, xml`<tev:GetEventProperties/>`, {
      header: xml`<wsa:Action s:mustUnderstand="1">${action}</wsa:Action>`,
      prefixes: ['tev', 'wsa'],
    })
    .catch(undefinedFor('unsupported', 'protocol', 'not_found', 'limit'));
  const topicSet = find(answer, 'TopicSet');
  const topics = topicSet ? topicsOf(topicSet) : [];
  const kinds = new Set(topics.flatMap((topic) => kindOfTopic(topic, atDoor) ?? []));
  if (topics.length > 0 && kinds.size === 0) {
    throw new StreamError('unsupported', `${where}: the camera tells neither of motion nor of a ring`);
  }
  return [...kinds];
}

/** Whether a message is about this profile's lens: not if it names the source of another profile. */
export function sourceFilter(
  profiles: readonly CameraProfile[],
  profile: CameraProfile,
): (source: ReadonlyMap<string, string>) => boolean {
  const ours = new Set(profile.sources);
  const others = new Set(profiles.flatMap(({ sources }) => sources).filter((token) => !ours.has(token)));
  return (source) => ![...source.values()].some((value) => others.has(value));
}
