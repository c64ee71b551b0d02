/** Home Assistant's frontend, as far as the card uses it: what the property `hass` of a card is. */

export interface HassEntity {
  readonly entity_id: string;
  readonly state: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

export type Message = { readonly type: string } & Readonly<Record<string, unknown>>;

export interface Hass {
  readonly states: Readonly<Record<string, HassEntity | undefined>>;
  /** The entity registry, for display. */
  readonly entities?: Readonly<Record<string, { readonly platform?: string } | undefined>>;
  readonly language?: string;
  readonly connection: {
    sendMessagePromise<T>(message: Message): Promise<T>;
    /** Resolves to what ends it; it survives reconnections of Home Assistant by itself. */
    subscribeMessage<T>(callback: (message: T) => void, message: Message): Promise<() => void>;
  };
  callService(domain: string, service: string, data?: object, target?: object): Promise<unknown>;
  /** An address of Home Assistant for one of its paths. */
  hassUrl(path: string): string;
}

/** Home Assistant's errors are plain objects. */
export function messageOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'message' in error) return String(error.message);
  return String(error);
}

export function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}

export function nameOf(hass: Hass, entityId: string): string {
  const name = hass.states[entityId]?.attributes.friendly_name;
  return typeof name === 'string' ? name : entityId;
}
