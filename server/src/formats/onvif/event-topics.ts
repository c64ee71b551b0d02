/**
 * Which topics of a device mean motion, and which a ring. Pure.
 *
 * ONVIF names the first three of motion; there is no standard topic of a doorbell's button, so the rest is what
 * makers send. A topic's steps may have a prefix each, and some devices end it as an expression: `tns1:A/tns1:B//.`.
 */
import type { CameraEvent } from '../format.ts';
import type { XmlElement } from './xml.ts';

export type EventKind = CameraEvent['type'];

const MOTION: readonly RegExp[] = [
  /^VideoSource\/MotionAlarm$/,
  /^RuleEngine\/CellMotionDetector\/Motion$/,
  /^RuleEngine\/MotionRegionDetector\/Motion$/,
  // Axis: its own motion detection, "any profile" of it where there are several.
  /^CameraApplicationPlatform\/VMD\/Camera\d+ProfileANY$/,
  /^RuleEngine\/VMD3\/vmd3_video_\d+$/,
];
const RING: readonly RegExp[] = [
  // Reolink; and what others call it.
  /(?:^|\/)Visitor$/i,
  /(?:^|\/)(?:Door_?Bell|(?:Call|Bell)_?Button)[^/]*$/i,
];
/** Mobotix: an alarm whose `State` tells what happened. */
const NAMED_ALARM = 'VideoSource/Alarm';
const RINGING = /^(?:Ring|CameraBellButton)$/i;
/** A contact. At a door station that is the button; at any other camera it is whatever has been wired to it. */
const CONTACT = /^Device\/Trigger\/DigitalInput$/;
const DOOR_STATION = /door|bell|intercom|video ?station|\bVTO|\bDS-K[BDV]/i;

/** Whether a device that describes itself so is a doorbell or an intercom. */
export const isDoorStation = (description: string): boolean => DOOR_STATION.test(description);

/** What happens where this topic is told; undefined: nothing that we tell. */
export function kindOfTopic(topic: string, atDoor: boolean): EventKind | undefined {
  const steps = plainTopic(topic);
  if (MOTION.some((pattern) => pattern.test(steps))) return 'motion';
  if (RING.some((pattern) => pattern.test(steps)) || steps === NAMED_ALARM) return 'ring';
  return atDoor && CONTACT.test(steps) ? 'ring' : undefined;
}

/** Whether it has begun, by the message's data; undefined where they don't tell. */
export function isActive(topic: string, data: ReadonlyMap<string, string>): boolean | undefined {
  const value = (
    data.get('State') ??
    data.get('IsMotion') ??
    data.get('LogicalState') ??
    first(data)
  )?.trim();
  if (value === undefined) return undefined;
  if (plainTopic(topic) === NAMED_ALARM) return RINGING.test(value) ? true : undefined;
  return /^(?:true|1|active|on)$/i.test(value);
}

const first = (data: ReadonlyMap<string, string>): string | undefined => data.values().next().value;

/** `tns1:RuleEngine/tnsx:CellMotionDetector/Motion//.` → `RuleEngine/CellMotionDetector/Motion` */
export function plainTopic(topic: string): string {
  return topic
    .trim()
    .split('/')
    .map((step) => step.replace(/^.*:/, ''))
    .filter((step) => step !== '' && step !== '.')
    .join('/');
}

/** The topics of a GetEventPropertiesResponse's TopicSet, as paths: elements with `wstop:topic`, or with a description. */
export function topicsOf(topicSet: XmlElement): readonly string[] {
  const found: string[] = [];
  const walk = (element: XmlElement, path: string): void => {
    const isTopic =
      /^(?:true|1)$/.test(element.attributes.get('topic') ?? '') ||
      element.children.some(({ name }) => name === 'MessageDescription');
    if (isTopic) found.push(path);
    for (const child of element.children) {
      if (child.name !== 'MessageDescription') walk(child, `${path}/${child.name}`);
    }
  };
  for (const child of topicSet.children) walk(child, child.name);
  return found;
}
