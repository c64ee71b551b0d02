/** `GET /metrics`: for Prometheus. For this machine only, unless `metrics.lan` is on: it names every stream. */
import type { ApiContext, App } from '../context.ts';
import { HttpError } from '../errors.ts';
import type { Metrics } from '../metrics.ts';

export function metricsRoutes(app: App, { store, streams }: ApiContext): void {
  let metrics: Metrics | undefined;

  app.get(
    '/metrics',
    { schema: { tags: ['app'], summary: 'Counters of streams and of the process, for Prometheus' } },
    async ({ client }, reply) => {
      if (!client.local && !store.current.metrics.lan) {
        throw new HttpError(403, 'metrics are for this machine only: set metrics.lan to true');
      }
      metrics ??= (await import('../metrics.ts')).createMetrics(streams);
      return reply.type(metrics.contentType).send(await metrics.scrape());
    },
  );
}
