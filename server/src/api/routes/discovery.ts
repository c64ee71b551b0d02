/** `GET /api/{format}`: what a format finds that can be a source, in go2rtc's form. An empty list is 404 there, and here. */
import { Type } from 'typebox';
import { FORMATS } from '../../formats/index.ts';
import type { ApiContext, App } from '../context.ts';
import { HttpError } from '../errors.ts';
import { leftSignal } from '../left-signal.ts';
import { Text, toSearchParams } from '../validation.ts';

export function discoveryRoutes(app: App, context: ApiContext): void {
  const { services, log } = context;

  for (const { name, title, discovery } of FORMATS) {
    if (!discovery) continue;
    app.get(
      `/api/${name}`,
      {
        schema: {
          tags: ['discovery'],
          summary: `Finds: ${title}`,
          querystring: Type.Object({ src: Type.Optional(Text('A source: what it has')) }),
        },
        config: { admin: true },
      },
      async ({ query }, reply) => {
        const { discover } = await discovery();
        const sources = await discover(toSearchParams(query), { services, log, signal: leftSignal(reply) });
        if (sources.length === 0) throw new HttpError(404, 'no sources');
        return { sources };
      },
    );
  }
}
