/** `{"type":"mjpeg"}`: JPEG pictures. */
import { watchMjpegSocket } from '../../formats/mjpeg/viewers.ts';
import type { MessageHandler } from './session.ts';
import { beginWatch } from './watches.ts';

export const handle: MessageHandler = (session, _value, type) => {
  return beginWatch(session, type, (onClose, signal) =>
    watchMjpegSocket(session.stream(), session.connection, onClose, signal),
  );
};
