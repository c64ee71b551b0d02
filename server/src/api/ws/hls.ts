/** `{"type":"hls","value":"avc1.640029,…"}`: the first playlist of HLS as text; its address is relative to `/api/`. */
import { masterPlaylist } from '../../formats/hls/http.ts';
import { createHlsOutput } from '../../formats/hls/output.ts';
import { mp4AcceptsFromCodecList } from '../../formats/mp4/accepts.ts';
import type { MessageHandler } from './session.ts';
import { textValue } from './text-value.ts';

export const handle: MessageHandler = async (session, value, type) => {
  const stream = session.stream();
  const output = createHlsOutput(stream, 'fmp4', mp4AcceptsFromCodecList(textValue(value)));
  const { remoteAddress, userAgent, grant } = session.client;
  const viewer = await session.context.hls.open(stream, output, { remoteAddress, userAgent }, session.signal);
  if (grant) session.context.hls.endWith(viewer.id, grant.revoked);
  session.send(type, masterPlaylist(viewer));
};
