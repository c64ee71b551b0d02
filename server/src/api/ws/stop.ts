/** `{"type":"stop","value":"mse"}`: no more media of this type; the socket stays, for signalling and to notice our end. */
import type { MessageHandler } from './session.ts';
import { textValue } from './text-value.ts';
import { endWatch } from './watches.ts';

export const handle: MessageHandler = async (session, value) => endWatch(session, textValue(value));
