/** `/api/cameras`: streams as people see them. */
import { Type } from 'typebox';
import { INTERVAL_MS } from '../../cameras/history.ts';
import { deleteCamera, putCamera } from '../camera-changes.ts';
import { cameraView } from '../camera-view.ts';
import type { ApiContext, App } from '../context.ts';
import { serverInfo } from '../server-info.ts';
import { jsonBody, Text } from '../validation.ts';

const TAGS = { tags: ['cameras'] };
const MAX_SOURCES = 16;
const MAX_NAME = 200;

const querystring = Type.Object({ id: Text('Name of the camera') });
const body = Type.String();

const orNull = <T extends Parameters<typeof Type.Optional>[0]>(schema: T) =>
  Type.Optional(Type.Union([schema, Type.Null()]));
const Sources = Type.Array(Type.String(), { maxItems: MAX_SOURCES });
const ShortText = Type.String({ maxLength: MAX_NAME, pattern: '^[^\\x00-\\x1f\\x7f]*$' });
const CameraBody = Type.Object(
  {
    sources: Type.Optional(Sources),
    sub_sources: orNull(Sources),
    name: orNull(ShortText),
    area: orNull(ShortText),
    enabled: orNull(Type.Boolean()),
    doorbell: orNull(Type.Boolean()),
  },
  { additionalProperties: false },
);
const EventBody = Type.Object({
  type: Type.Unsafe<'motion' | 'ring'>(Type.String({ enum: ['motion', 'ring'] })),
  active: Type.Optional(Type.Boolean()),
  seconds: Type.Optional(Type.Number({ minimum: 1, maximum: 3600 })),
});
const speed = Type.Optional(Type.Number({ minimum: -1, maximum: 1 }));
const PtzBody = Type.Object({ pan: speed, tilt: speed, zoom: speed, preset: Type.Optional(Type.String()) });

export function cameraRoutes(app: App, context: ApiContext): void {
  const { cameras } = context;

  app.get(
    '/api/cameras',
    {
      schema: { ...TAGS, summary: 'The server and all cameras, as they are now' },
      config: { openTo: 'viewer' },
    },
    async ({ client }) => ({
      server: serverInfo(context, client),
      cameras: cameras.list().map((camera) => cameraView(camera, client)),
    }),
  );

  app.put(
    '/api/cameras',
    {
      schema: {
        ...TAGS,
        summary: 'Creates a camera, or changes what is named; kept in the config file',
        description:
          '{"sources": ["rtsp://…"], "sub_sources": ["rtsp://…"], "name": "Front door", "area": "Entrance", "enabled": true, "doorbell": false}; null removes',
        querystring,
        body,
      },
      config: { changes: true },
    },
    async ({ query, body, client }) => {
      await putCamera(context, client, query.id, jsonBody(CameraBody, body));
      return cameras.require(query.id).state();
    },
  );

  app.delete(
    '/api/cameras',
    {
      schema: {
        ...TAGS,
        summary: 'Removes a camera with its sub stream, from the config file too',
        querystring,
      },
      config: { changes: true },
    },
    async ({ query }, reply) => {
      await deleteCamera(context, query.id);
      return reply.send();
    },
  );

  app.post(
    '/api/cameras/restart',
    {
      schema: {
        ...TAGS,
        summary: 'Closes the sources of a camera and opens them anew; viewers stay',
        querystring,
      },
      config: { changes: true },
    },
    async ({ query }, reply) => {
      cameras.restart(query.id);
      return reply.send();
    },
  );

  app.post(
    '/api/cameras/event',
    {
      schema: {
        ...TAGS,
        summary: 'Tells of an event of a camera that it does not tell of by itself',
        description:
          '{"type": "motion" or "ring", "active": true}; "seconds": motion that nobody will tell the end of lasts as long',
        querystring,
        body,
      },
      config: { changes: true },
    },
    async ({ query, body }, reply) => {
      const { type, active = true, seconds } = jsonBody(EventBody, body);
      cameras.require(query.id).events.tell({ type, active }, seconds && seconds * 1000);
      return reply.send();
    },
  );

  app.get(
    '/api/cameras/history',
    {
      schema: { ...TAGS, summary: 'Bit rate, frame rate and viewers in the last five minutes', querystring },
      config: { openTo: 'viewer' },
    },
    async ({ query }) => ({
      interval_ms: INTERVAL_MS,
      samples: cameras.require(query.id).history.samples(Date.now()),
    }),
  );

  app.post(
    '/api/cameras/ptz',
    {
      schema: {
        ...TAGS,
        summary: 'Moves a camera until the next call, for five seconds at most; or to a preset',
        description: '{"pan": 0.5, "tilt": 0, "zoom": 0} or {"preset": "Door"}',
        querystring,
        body,
      },
      config: { openTo: 'viewer' },
    },
    async ({ query, body }, reply) => {
      const { preset, pan = 0, tilt = 0, zoom = 0 } = jsonBody(PtzBody, body);
      const { steering } = cameras.require(query.id);
      if (preset === undefined) await steering.move({ pan, tilt, zoom });
      else await steering.preset(preset);
      return reply.send();
    },
  );
}
