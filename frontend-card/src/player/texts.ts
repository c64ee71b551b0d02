/**
 * Every word of the player, in one catalogue. English is built in; a page or card hands in its translations:
 *
 *   text('retryIn', { seconds: 4 })                     'Next attempt in 4 s'
 *   useTexts({ language: 'de', translate: (key, values) => catalogue.format(`player.${key}`, values) })
 */

export const ENGLISH = {
  camera: 'Camera {name}',
  controls: 'Player controls',
  play: 'Play',
  pause: 'Pause',
  mute: 'Mute',
  unmute: 'Turn sound on',
  volume: 'Volume',
  talk: 'Talk: hold, or press once',
  talkOpen: 'Open the microphone',
  talkStop: 'Stop talking',
  talking: 'The camera hears you',
  snapshot: 'Save a snapshot',
  pip: 'Picture in picture',
  fullscreen: 'Full screen',
  leaveFullscreen: 'Leave full screen',
  resetZoom: 'Whole picture',
  details: 'How it plays',
  retryNow: 'Try again now',
  retryIn: 'Next attempt in {seconds} s',
  connecting: 'Connecting …',
  seconds: '{value} s',
  mode: 'Mode',
  delay: 'Delay',
  stream: 'Stream',
  tierMain: 'Main stream',
  tierSub: 'Sub stream',
  picture: 'Picture',
  sound: 'Sound',
  yes: 'Yes',
  none: 'None',
  notMode: 'Not {mode}',
  playingBy: 'Playing by {mode}',
  refusedPip: 'The browser refused picture-in-picture.',
  refusedFullscreen: 'The browser refused full screen.',
  soundOnly: 'Only sound comes, no picture that this browser can play.',
  failed: 'The stream failed.',
  sendsNothing: 'The camera sends no picture.',
  interrupted: 'It was interrupted.',
  serverClosed: 'The server closed the connection',
  serverSilent: 'The server does not answer',
  noPicture: 'No picture came',
  noSoundByIt: "It does not carry this camera's sound",
  noConnectionWithin: 'No connection within {seconds} s',
  rtcTimeout: 'WebRTC did not connect in time',
  rtcBlocked: 'WebRTC could not connect (UDP and TCP blocked, or no route)',
  rtcFailed: 'WebRTC failed',
  rtcEnded: 'The server ended the WebRTC session',
  rtcLost: 'The WebRTC connection was lost',
  rtcMissing: 'This browser has no WebRTC',
  rtcVideoCodec: "The camera's video codec does not fit WebRTC here",
  rtcNothing: 'The camera has nothing that fits WebRTC here',
  noLoudspeaker: 'This camera has no loudspeaker, or takes no sound from the browser',
  mseMissing: "This browser can't play fragmented MP4",
  refusedType: "This browser can't play {type}",
  refusedVideo: 'The browser refused the video: {reason}',
  undecodable: "The browser can't decode the video",
  undecodablePictures: "The browser can't decode the pictures",
  tooSlow: 'The browser decodes too slowly',
  hlsMissing: "This browser can't play HLS",
  hlsFailed: 'HLS failed: {reason}',
  microphoneInsecure:
    'Browsers give the microphone to secure pages only. Open this page by https:// or on localhost.',
  microphoneBlocked: 'The microphone is blocked. Allow it in the site settings of the browser.',
  microphoneMissing: 'No microphone was found.',
  microphoneBusy: 'The microphone is in use by another program.',
  microphoneFailed: 'The microphone could not be opened.',
} as const;

export type TextKey = keyof typeof ENGLISH;
export type TextValues = Readonly<Record<string, string | number>>;

export interface Texts {
  /** BCP 47, for numbers. */
  readonly language: string;
  translate(key: TextKey, values: TextValues): string;
}

const BUILT_IN: Texts = {
  language: 'en',
  translate: (key, values) =>
    ENGLISH[key].replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? '')),
};
let texts = BUILT_IN;

/** Words of all players that are made from now on; undefined: English. */
export function useTexts(next: Texts | undefined): void {
  texts = next ?? BUILT_IN;
}

export function text(key: TextKey, values: TextValues = {}): string {
  return texts.translate(key, values);
}

/** Seconds to a tenth, as a text: `0.4 s`; nothing takes no time, so the least is `< 0.1 s`. */
export function secondsText(seconds: number): string {
  const digits = { minimumFractionDigits: 1, maximumFractionDigits: 1 };
  const value = Math.max(0.1, seconds).toLocaleString(texts.language, digits);
  return text('seconds', { value: seconds < 0.05 ? `< ${value}` : value });
}
