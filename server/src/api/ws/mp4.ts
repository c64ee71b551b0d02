/** `{"type":"mp4","value":"avc1.640029,…"}`: each key frame as an MP4 file. */
import { watchKeyframes } from '../../formats/mp4/keyframe.ts';
import type { MessageHandler } from './session.ts';
import { textValue } from './text-value.ts';
import { beginWatch } from './watches.ts';

export const handle: MessageHandler = (session, value, type) => {
  const codecs = textValue(value);
  return beginWatch(session, type, (onClose, signal) =>
    watchKeyframes(session.stream(), codecs, session.connection, onClose, signal),
  );
};
