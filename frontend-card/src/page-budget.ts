/** The one decoder budget of the page: all cameras of all cards share it. */
import { type Candidate, chooseLive, defaultBudget } from './budget.ts';

export interface BudgetMember {
  readonly element: Element;
  /** Needs its decoder, seen or not. */
  pinned(): boolean;
  setLive(live: boolean): void;
}

interface Place extends Candidate {
  readonly member: BudgetMember;
}

const SETTLE_MS = 50;
const THRESHOLDS = [0, 0.25, 0.5, 0.75, 1];

const areas = new Map<BudgetMember, number>();
const live = new Map<BudgetMember, boolean>();
let most = defaultBudget(matchMedia('(pointer: coarse)').matches, navigator.hardwareConcurrency || 4);
let timer: ReturnType<typeof setTimeout> | undefined;

const observer = new IntersectionObserver(
  (entries) => {
    for (const { target, intersectionRect } of entries) {
      const member = [...areas.keys()].find(({ element }) => element === target);
      if (member) areas.set(member, intersectionRect.width * intersectionRect.height);
    }
    decide();
  },
  { threshold: THRESHOLDS },
);

/** Decides for the ones that are seen; who is not stops by itself, and shows no pictures either. */
function decide(): void {
  clearTimeout(timer);
  timer = undefined;
  const places: Place[] = [...areas].map(([member, visibleArea]) => ({
    member,
    visibleArea,
    pinned: member.pinned(),
    live: live.get(member) ?? false,
  }));
  const chosen = chooseLive(places, most);
  for (const place of places) {
    if (place.visibleArea === 0 && !place.pinned) continue;
    live.set(place.member, chosen.has(place));
    place.member.setLive(chosen.has(place));
  }
}

/** Takes part from now on; while there are enough decoders for all, without waiting to be seen. */
export function joinBudget(member: BudgetMember): void {
  areas.set(member, 0);
  if (areas.size <= most) member.setLive(true);
  observer.observe(member.element);
}

export function leaveBudget(member: BudgetMember): void {
  observer.unobserve(member.element);
  areas.delete(member);
  live.delete(member);
  reconsider();
}

/** Something other than its place on the screen has changed. */
export function reconsider(): void {
  timer ??= setTimeout(decide, SETTLE_MS);
}

/** Pictures that may be decoded at once. */
export function setBudget(count: number): void {
  most = count;
  reconsider();
}
