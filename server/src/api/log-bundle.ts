/** All that somebody needs who is to help, as one text that can be shared: no secret is in it. */
import { arch, cpus, freemem, release, totalmem } from 'node:os';
import { stringify } from 'yaml';
import { formatProblem } from '../config/error.ts';
import { maskConfig } from '../config/mask.ts';
import { inspectStream } from '../core/inspect.ts';
import { readLog } from '../util/log.ts';
import { redact } from '../util/redact.ts';
import { API_VERSION, VERSION } from '../util/version.ts';
import type { ApiContext } from './context.ts';
import { streamJson } from './stream-json.ts';

const megabytes = (bytes: number): string => `${Math.round(bytes / (1 << 20))} MB`;

/** The text. Its parts have headings that `grep` finds. */
export function logBundle({ store, streams, cameras }: ApiContext): string {
  const parts: [string, string][] = [
    [
      'server',
      stringify({
        porthole: VERSION,
        go2rtc_api: API_VERSION,
        node: process.version,
        platform: `${process.platform}/${arch()} ${release()}`,
        processors: cpus().length,
        memory: `${megabytes(process.memoryUsage().rss)} used, ${megabytes(freemem())} of ${megabytes(totalmem())} free`,
        up_s: Math.round(process.uptime()),
        now: new Date().toISOString(),
      }),
    ],
    [
      'problems of the configuration',
      store.problems.map((problem) => `${formatProblem(problem)}\n`).join(''),
    ],
    ['configuration with its defaults', stringify(maskConfig(store.current))],
    ['cameras', stringify(cameras.list())],
    [
      'streams',
      stringify(
        Object.fromEntries(
          streams.all().map((stream) => [stream.name, streamJson(inspectStream(stream), redact)]),
        ),
      ),
    ],
    ['log', readLog()],
  ];
  return redact(parts.map(([title, text]) => `=== ${title} ===\n${text}`).join('\n'));
}
