/** `/api/tokens`: short-lived keys to the media of one camera, for what plays it. */
import { Type } from 'typebox';
import type { ApiContext, App } from '../context.ts';
import { HttpError } from '../errors.ts';
import { requireStream } from '../stream-lookup.ts';
import { type Grant, MAX_TTL_SECONDS } from '../tokens.ts';
import { jsonBody, Text } from '../validation.ts';

const TAGS = { tags: ['tokens'] };
const DEFAULT_TTL_SECONDS = 3600;
const TokenBody = Type.Object({
  stream: Type.String({ description: 'Name of the camera' }),
  allow: Type.Optional(
    Type.Array(Type.Unsafe<'view' | 'talk'>(Type.String({ enum: ['view', 'talk'] })), { maxItems: 2 }),
  ),
  ttl_s: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_TTL_SECONDS })),
});

const tokenJson = ({ id, stream, mayTalk, expires }: Grant) => ({
  id,
  stream,
  allow: mayTalk ? ['view', 'talk'] : ['view'],
  expires,
});

export function tokenRoutes(app: App, context: ApiContext): void {
  const { tokens } = context;

  app.post(
    '/api/tokens',
    {
      schema: {
        ...TAGS,
        summary: 'A token that opens the media of one camera for a time',
        description:
          '{"stream": "front_door", "allow": ["view", "talk"], "ttl_s": 3600} → {"token": "***", "id", "expires"}',
        body: Type.String(),
      },
    },
    async ({ body }) => {
      const { stream, allow = ['view'], ttl_s: ttlSeconds = DEFAULT_TTL_SECONDS } = jsonBody(TokenBody, body);
      if (!allow.includes('view')) throw new HttpError(400, 'allow: who talks sees too: "view" is missing');
      const { name } = requireStream(context, stream);
      return tokens.create(name, { mayTalk: allow.includes('talk'), ttlSeconds });
    },
  );

  app.get(
    '/api/tokens',
    { schema: { ...TAGS, summary: 'The tokens in force, without themselves' } },
    async () => tokens.list().map(tokenJson),
  );

  app.delete(
    '/api/tokens',
    {
      schema: {
        ...TAGS,
        summary: 'Revokes a token, or all of a stream; what was opened with them ends',
        querystring: Type.Object({
          id: Type.Optional(Text('From the answer that held the token')),
          stream: Type.Optional(Text('Name of the camera')),
        }),
      },
    },
    async ({ query: { id, stream } }, reply) => {
      if ((id === undefined) === (stream === undefined)) throw new HttpError(400, 'id or stream is missing');
      const ended = tokens.revoke((grant) => (id === undefined ? grant.stream === stream : grant.id === id));
      if (ended === 0 && id !== undefined) throw new HttpError(404, 'token not found');
      return reply.send();
    },
  );
}
