/** hls.js has no types for its light build, which lacks what cameras never send: subtitles, other sound tracks, DRM. */
declare module 'hls.js/light' {
  export { default } from 'hls.js';
}
