/** Versions that the server tells. */

/** Porthole's own. */
export const VERSION = '0.1.0';

/** The go2rtc release whose API and config we speak; Home Assistant and camera cards check it. */
export const API_VERSION = '1.9.15';
