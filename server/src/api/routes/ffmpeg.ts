/**
 * `/api/ffmpeg`: plays a file, a live address or speech on the loudspeaker of a stream.
 * `/api/ffmpeg/devices`, `/api/ffmpeg/hardware`: what FFmpeg finds at this machine, in the form of discovery.
 */
import { Type } from 'typebox';
import { captureDevices, hardwareEngines } from '../../formats/ffmpeg/devices.ts';
import type { ApiContext, App } from '../context.ts';
import { HttpError } from '../errors.ts';
import { leftSignal } from '../left-signal.ts';
import { requireAllowed } from '../stream-changes.ts';
import { requireStream } from '../stream-lookup.ts';
import { Text } from '../validation.ts';

export function ffmpegRoutes(app: App, context: ApiContext): void {
  app.post(
    '/api/ffmpeg',
    {
      schema: {
        tags: ['streams'],
        summary: 'Plays a sound on the loudspeaker of a stream',
        querystring: Type.Object({
          dst: Text('Name of the stream'),
          file: Type.Optional(Text('A media file of the server')),
          live: Type.Optional(Text('An address')),
          text: Type.Optional(Text('Speech')),
          voice: Type.Optional(Text('Who speaks')),
        }),
      },
      config: { changes: true },
    },
    async ({ query }, reply) => {
      const stream = requireStream(context, query.dst);
      const source = soundSource(query);
      requireAllowed(context, source);
      await context.players.start(stream, source);
      return reply.send();
    },
  );

  const found = {
    devices: ['Finds cameras and microphones at this machine', captureDevices],
    hardware: ['Tries the hardware encoders of this machine', hardwareEngines],
  } as const;
  for (const [name, [summary, find]] of Object.entries(found))
    app.get(
      `/api/ffmpeg/${name}`,
      { schema: { tags: ['discovery'], summary }, config: { admin: true } },
      async (_request, reply) => {
        const binary = String(context.services.section('ffmpeg').bin ?? 'ffmpeg');
        const sources = await find({ binary, log: context.log, signal: leftSignal(reply) });
        if (sources.length === 0) throw new HttpError(404, 'no sources');
        return { sources };
      },
    );
}

interface Sound {
  readonly file?: string;
  readonly live?: string;
  readonly text?: string;
  readonly voice?: string;
}

/** The source that plays a sound in real time, in a codec that the loudspeaker takes. */
function soundSource({ file, live, text, voice }: Sound): string {
  for (const part of [file, live]) {
    if (part?.includes('#')) throw new HttpError(400, 'a sound with options is not accepted');
  }
  if (file) return `ffmpeg:${file}#audio=auto#input=file`;
  if (live) return `ffmpeg:${live}#audio=auto`;
  if (text) {
    const speech = [
      `text=${encodeURIComponent(text)}`,
      ...(voice ? [`voice=${encodeURIComponent(voice)}`] : []),
    ];
    return `ffmpeg:tts?${speech.join('&')}#audio=auto`;
  }
  throw new HttpError(400, 'file, live or text is missing');
}
