/** The talk button's life: ask for the microphone, send it, show its level, let go of it. */
import { type Microphone, openMicrophone } from './talk.ts';

export type TalkState = 'off' | 'opening' | 'on';

export interface Intercom {
  readonly state: TalkState;
  start(): Promise<void>;
  stop(): void;
}

export interface IntercomEvents {
  /** Sends the track to the camera. Rejects with an Error to show. */
  talk(track: MediaStreamTrack): Promise<void>;
  hush(): void;
  changed(): void;
  level(level: number): void;
  failed(message: string): void;
}

export function createIntercom(events: IntercomEvents): Intercom {
  let state: TalkState = 'off';
  let microphone: Microphone | undefined;
  /** Counts presses: what an earlier press began is not for the later one. */
  let press = 0;
  let frame = 0;

  const enter = (to: TalkState) => {
    state = to;
    events.changed();
  };

  const stop = () => {
    if (state === 'off') return;
    press++;
    cancelAnimationFrame(frame);
    events.level(0);
    events.hush();
    microphone?.close();
    microphone = undefined;
    enter('off');
  };

  const followLevel = () => {
    if (!microphone) return;
    events.level(microphone.level());
    frame = requestAnimationFrame(followLevel);
  };

  return {
    get state() {
      return state;
    },
    stop,
    async start() {
      if (state !== 'off') return;
      const mine = ++press;
      enter('opening');
      try {
        const opened = await openMicrophone();
        // Released while the browser asked for permission.
        if (mine !== press) {
          opened.close();
          return;
        }
        microphone = opened;
        opened.track.onended = stop;
        await events.talk(opened.track);
        if (mine !== press) return;
        enter('on');
        followLevel();
      } catch (error) {
        if (mine !== press) return;
        stop();
        events.failed(error instanceof Error ? error.message : String(error));
      }
    },
  };
}
