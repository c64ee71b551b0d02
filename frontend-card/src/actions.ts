/** Runs what a button of the user's does: an action of Home Assistant. */
import type { ActionButton } from './config.ts';
import type { Hass } from './hass.ts';

/**
 * Calls the action and waits for its end; rejects when it fails. Whatever is more than a call (navigation, more-info, a
 * confirmation) is given to Home Assistant's own handler, through an event on `element`.
 */
export async function runAction(element: HTMLElement, hass: Hass, { action }: ActionButton): Promise<void> {
  const { action: kind, perform_action: performed, data, target, confirmation } = action;
  if (kind === 'perform-action' && typeof performed === 'string' && !confirmation) {
    const [domain = '', service = ''] = performed.split('.');
    await hass.callService(domain, service, (data ?? {}) as object, target as object | undefined);
    return;
  }
  element.dispatchEvent(
    new CustomEvent('hass-action', {
      bubbles: true,
      composed: true,
      detail: { config: { tap_action: action }, action: 'tap' },
    }),
  );
}
