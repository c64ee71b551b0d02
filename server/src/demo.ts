/** What a server without any configuration shows: a moving test picture with a tone. */
import type { StreamConfig } from './config/streams.ts';

export const DEMO_STREAM: StreamConfig = {
  name: 'demo',
  sources: ['ffmpeg:virtual?video=testsrc2&size=720&rate=25&audio=sine#video=h264#audio=opus'],
};
