/**
 * The messages of a PullMessagesResponse (ONVIF Core §9.4, WS-BaseNotification §3.2).
 *
 *   <wsnt:NotificationMessage>
 *     <wsnt:Topic Dialect="…ConcreteSet">tns1:RuleEngine/CellMotionDetector/Motion</wsnt:Topic>
 *     <wsnt:Message><tt:Message UtcTime="…" PropertyOperation="Changed">
 *       <tt:Source><tt:SimpleItem Name="VideoSourceConfigurationToken" Value="vsconf"/></tt:Source>
 *       <tt:Data><tt:SimpleItem Name="IsMotion" Value="true"/></tt:Data>
 *     </tt:Message></wsnt:Message>
 *   </wsnt:NotificationMessage>
 */
import { find, findAll, textAt, type XmlElement } from './xml.ts';

export interface Notification {
  readonly topic: string;
  /**
   * `Initialized`: how it stands, told to a new subscriber; `Changed`; `Deleted`. undefined: it is no state but
   * something that happened.
   */
  readonly operation: string | undefined;
  /** SimpleItems by name: of whom it is told, and what. */
  readonly source: ReadonlyMap<string, string>;
  readonly data: ReadonlyMap<string, string>;
}

/** All messages that can be read; others are left out. */
export function readNotifications(response: XmlElement): readonly Notification[] {
  return findAll(response, 'NotificationMessage').flatMap((holder) => {
    const topic = textAt(holder, 'Topic');
    const message = find(holder, 'Message', 'Message');
    if (topic === '' || !message) return [];
    const operation = message.attributes.get('PropertyOperation') || undefined;
    return [{ topic, operation, source: itemsOf(message, 'Source'), data: itemsOf(message, 'Data') }];
  });
}

function itemsOf(message: XmlElement, part: 'Source' | 'Data'): ReadonlyMap<string, string> {
  const items = find(message, part)?.children ?? [];
  return new Map(
    items
      .filter(({ name }) => name === 'SimpleItem')
      .map(({ attributes }) => [attributes.get('Name') ?? '', attributes.get('Value') ?? '']),
  );
}
