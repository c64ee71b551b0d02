/** Rows of what runs at this machine: programs, and other streams. */
import type { Format } from '../format.ts';
import { RTP_CODECS } from './codecs.ts';
import { select, text } from './fields.ts';

export const PROGRAM_FORMATS: readonly Format[] = [
  {
    name: 'ffmpeg',
    title: 'Anything that FFmpeg reads, transcoded on request',
    group: 'program',
    schemes: ['ffmpeg'],
    example: 'ffmpeg:front_door#video=h264#audio=opus',
    receives: RTP_CODECS,
    form: {
      fields: [
        text('input', 'Stream, address or file', { required: true }),
        select('video', 'Video', ['', 'copy', 'h264', 'h265', 'mjpeg']),
        select('audio', 'Sound', ['', 'copy', 'aac', 'opus', 'pcma', 'pcmu']),
      ],
      template: 'ffmpeg:{+input}[#video={video}][#audio={audio}]',
    },
    producer: () => import('../ffmpeg/producer.ts'),
  },
  {
    name: 'exec',
    title: 'Output of a program',
    group: 'program',
    schemes: ['exec'],
    example: 'exec:ffmpeg -re -i /media/clip.mp4 -c copy -rtsp_transport tcp -f rtsp {output}',
    unsafe: true,
    receives: RTP_CODECS,
    producer: () => import('../exec/producer.ts'),
  },
  {
    name: 'echo',
    title: 'Address that a program prints',
    group: 'program',
    schemes: ['echo'],
    example: 'echo:/config/camera-address.sh garden',
    unsafe: true,
    producer: () => import('../echo/producer.ts'),
  },
  {
    name: 'expr',
    title: 'Address that an expression makes (Expr language, with fetch)',
    group: 'program',
    schemes: ['expr'],
    example:
      "expr:let camera = fetch('http://192.168.1.10/api/streams').json(); 'rtsp://192.168.1.10/' + camera.path",
    unsafe: true,
    producer: () => import('../expr/producer.ts'),
  },
  {
    name: 'stream',
    title: 'Another stream of this server',
    group: 'program',
    schemes: ['stream'],
    example: 'stream:front_door',
    form: {
      fields: [text('name', 'Stream', { required: true })],
      template: 'stream:{+name}',
    },
    producer: () => import('../stream/producer.ts'),
  },
];
