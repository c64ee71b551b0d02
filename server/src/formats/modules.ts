/**
 * `app.modules`: which formats may be used, by the names that go2rtc has for its modules. Without the list all may.
 *
 *   app: {modules: [api, rtsp, webrtc, ffmpeg]}       no exec: source is opened, no RTMP server started
 */

/** Formats that are part of a module of another name. */
const MODULE_OF: Readonly<Record<string, string>> = { tcp: 'http', hls: 'http', udp: 'mpegts' };
/** What streams are made of. */
const ALWAYS = new Set(['stream']);

/** Whether the format of this name may be used; `app` is the section of the config. */
export function isModuleOn(name: string, app: { readonly modules?: unknown }): boolean {
  const { modules } = app;
  if (!Array.isArray(modules) || modules.length === 0 || ALWAYS.has(name)) return true;
  return modules.includes(name) || modules.includes(MODULE_OF[name]);
}
