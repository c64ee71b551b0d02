/** `{"type":"mse","value":"avc1.640029,…"}`: fragmented MP4 for the browser's MediaSource. */
import { watchMse } from '../../formats/mp4/mse-viewer.ts';
import type { MessageHandler } from './session.ts';
import { textValue } from './text-value.ts';
import { beginWatch } from './watches.ts';

export const handle: MessageHandler = (session, value, type) => {
  const codecs = textValue(value);
  return beginWatch(session, type, (onClose, signal) =>
    watchMse(session.stream(), codecs, session.connection, onClose, signal),
  );
};
