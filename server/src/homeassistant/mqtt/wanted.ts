/** Whether cameras are told over MQTT: a pure rule, asked whenever something that it depends on changes. */

export type MqttMode = 'auto' | 'on' | 'off';

/** What is known of Home Assistant integrations of this server. */
export interface IntegrationPresence {
  readonly connected: boolean;
  /** When one was connected last, ms since 1970; undefined: never. */
  readonly seenAt: number | undefined;
}

/** An integration that was there comes back after a restart of Home Assistant: devices must not flicker meanwhile. */
export const ABSENCE_MS = 10 * 60_000;

/**
 * `auto` is on while no integration is connected, as devices of MQTT and of the integration would stand side by side.
 * `recheckMs`: when the answer may change by itself.
 */
export function mqttWanted(
  mode: MqttMode,
  { connected, seenAt }: IntegrationPresence,
  now: number,
): { readonly wanted: boolean; readonly recheckMs?: number } {
  if (mode !== 'auto') return { wanted: mode === 'on' };
  if (connected) return { wanted: false };
  const absentMs = seenAt === undefined ? ABSENCE_MS : Math.max(0, now - seenAt);
  return absentMs >= ABSENCE_MS ? { wanted: true } : { wanted: false, recheckMs: ABSENCE_MS - absentMs };
}
