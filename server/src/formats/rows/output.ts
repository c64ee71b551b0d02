/** Rows of formats that only go out. */
import type { Format } from '../format.ts';
import { ALL_CODECS } from './codecs.ts';

export const OUTPUT_FORMATS: readonly Format[] = [
  {
    name: 'ascii',
    title: 'Pictures of characters, for a terminal',
    group: 'output',
    sends: ['rawvideo'],
    extensions: ['ascii'],
    output: () => import('../ascii/output.ts'),
  },
  {
    name: 'matroska',
    title: 'Matroska, live',
    group: 'output',
    sends: ALL_CODECS,
    extensions: ['mkv'],
    output: () => import('../matroska/output.ts'),
  },
];
