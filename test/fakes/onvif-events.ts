/** The event service of a fake ONVIF camera: pull points, as text. */
import type { Refuse, Reply } from './onvif-camera.ts';

export interface EventHabits {
  /** What it lists: `tns1:RuleEngine/CellMotionDetector/Motion`. Empty: it has no list. */
  readonly topics?: readonly string[];
  /** What a new subscriber is told. */
  readonly initial?: readonly FakeNotification[];
  /** Default: what is asked for, two minutes. */
  readonly leaseMs?: number;
  /** Whether it can renew; default: yes. */
  readonly renews?: boolean;
  /** Tells subscriptions apart by a reference parameter, as Axis does, not by their address. */
  readonly byParameter?: boolean;
  /** Answers at once, also that there is nothing. */
  readonly hasty?: boolean;
}

export interface FakeNotification {
  readonly topic: string;
  readonly operation?: 'Initialized' | 'Changed' | 'Deleted';
  readonly source?: Readonly<Record<string, string>>;
  readonly data: Readonly<Record<string, string>>;
}

export interface FakeEvents {
  notify(notification: FakeNotification): void;
  /** Subscriptions in force. */
  readonly subscriptions: number;
  /** Loses all subscriptions, as by a restart. */
  forget(): void;
}

interface Subscription {
  readonly queue: string[];
  endsAt: number;
  wake: () => void;
}

const AXIS = 'http://www.axis.com/2009/event';
const LEASE_MS = 120_000;

/** The service; `answer` gives undefined for operations that are not its own. */
export function createFakeEvents(
  habits: EventHabits,
  camera: { readonly clock: () => number; readonly fault: Refuse; readonly origin: () => string },
): FakeEvents & {
  answer(operation: string, text: string, url: string): Promise<Reply | undefined>;
  close(): void;
} {
  const subscriptions = new Map<string, Subscription>();
  let made = 0;

  const times = (endsInMs: number): string => {
    const iso = (ms: number): string => new Date(camera.clock() + ms).toISOString();
    return `<wsnt:CurrentTime>${iso(0)}</wsnt:CurrentTime><wsnt:TerminationTime>${iso(endsInMs)}</wsnt:TerminationTime>`;
  };
  const success = (operation: string, prefix: string, inner: string): Reply => {
    return { status: 200, body: `<${prefix}:${operation}Response>${inner}</${prefix}:${operation}Response>` };
  };
  const leaseMs = habits.leaseMs ?? LEASE_MS;

  const create = (): Reply => {
    const id = String(++made);
    const queue = (habits.initial ?? []).map((item) => markup({ operation: 'Initialized', ...item }));
    subscriptions.set(id, { queue, endsAt: performance.now() + leaseMs, wake: () => {} });
    const address = `${camera.origin()}/onvif/Subscription${habits.byParameter ? '' : `?Idx=${id}`}`;
    const parameters = habits.byParameter
      ? `<wsa5:ReferenceParameters><dom0:SubscriptionId xmlns:dom0="${AXIS}">${id}</dom0:SubscriptionId></wsa5:ReferenceParameters>`
      : '';
    return success(
      'CreatePullPointSubscription',
      'tev',
      `<tev:SubscriptionReference><wsa5:Address>${address}</wsa5:Address>${parameters}</tev:SubscriptionReference>${times(leaseMs)}`,
    );
  };

  const pull = async (subscription: Subscription, text: string): Promise<Reply> => {
    const [, seconds = '60'] = /Timeout>PT(\d+)S</.exec(text) ?? [];
    const minutes = /Timeout>PT(\d+)M</.exec(text)?.[1];
    if (subscription.queue.length === 0 && !habits.hasty) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, (minutes ? Number(minutes) * 60 : Number(seconds)) * 1000);
        subscription.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    const messages = subscription.queue.splice(0).join('');
    const now = times(subscription.endsAt - performance.now()).replaceAll('wsnt:', 'tev:');
    return success('PullMessages', 'tev', now + messages);
  };

  const find = (text: string, url: string): Subscription | undefined => {
    const id = habits.byParameter ? /SubscriptionId[^>]*>(\d+)</.exec(text)?.[1] : /Idx=(\d+)/.exec(url)?.[1];
    const subscription = subscriptions.get(id ?? '');
    if (subscription && subscription.endsAt < performance.now()) {
      subscriptions.delete(id ?? '');
      return undefined;
    }
    return subscription;
  };

  const forget = (): void => {
    for (const { wake } of subscriptions.values()) wake();
    subscriptions.clear();
  };

  return {
    get subscriptions() {
      return subscriptions.size;
    },
    forget,
    close: forget,
    notify(notification) {
      for (const { queue, wake } of subscriptions.values()) {
        queue.push(markup(notification));
        wake();
      }
    },
    async answer(operation, text, url) {
      if (operation === 'CreatePullPointSubscription') return create();
      if (operation === 'GetEventProperties') {
        if (habits.topics?.length === 0) return camera.fault('ActionNotSupported', 'no list of topics');
        const set = (habits.topics ?? []).map(topicMarkup).join('');
        return success(operation, 'tev', `<wstop:TopicSet>${set}</wstop:TopicSet>`);
      }
      if (!['PullMessages', 'Renew', 'Unsubscribe'].includes(operation)) return undefined;
      const subscription = find(text, url);
      if (!subscription) return camera.fault('InvalidArgVal', 'no such subscription');
      if (operation === 'PullMessages') return pull(subscription, text);
      if (operation === 'Renew') {
        if (habits.renews === false) return camera.fault('ActionNotSupported', 'cannot renew');
        subscription.endsAt = performance.now() + leaseMs;
        return success(operation, 'wsnt', times(leaseMs));
      }
      for (const [id, item] of subscriptions) if (item === subscription) subscriptions.delete(id);
      return success(operation, 'wsnt', '');
    },
  };
}

function topicMarkup(topic: string): string {
  const steps = topic.split('/');
  const description = '<t:MessageDescription IsProperty="true"/>';
  return steps.reduceRight(
    (inner, step, index) =>
      `<${step}${index === steps.length - 1 ? ' wstop:topic="true"' : ''}>${inner}</${step}>`,
    description,
  );
}

function markup({ topic, operation, source = {}, data }: FakeNotification): string {
  const items = (record: Readonly<Record<string, string>>): string =>
    Object.entries(record)
      .map(([name, value]) => `<t:SimpleItem Name="${name}" Value="${value}"/>`)
      .join('');
  const property = operation ? ` PropertyOperation="${operation}"` : '';
  return `<wsnt:NotificationMessage><wsnt:Topic Dialect="http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet">${topic}</wsnt:Topic><wsnt:Message><t:Message UtcTime="2026-01-01T00:00:00Z"${property}><t:Source>${items(source)}</t:Source><t:Data>${items(data)}</t:Data></t:Message></wsnt:Message></wsnt:NotificationMessage>`;
}
