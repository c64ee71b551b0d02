/** Parts of answers that both media services write alike. */
import type { VideoParameters } from './media-parameters.ts';
import { type Markup, xml } from './xml.ts';

/** kbit/s that recorders reckon with. */
export const BITRATE_LIMIT = 8192;
const SECONDS_PER_GROUP = 2;

/** Pictures from one key frame to the next; cameras that don't tell are taken to send one every two seconds. */
export const groupLength = (fps: number): number => Math.round(fps * SECONDS_PER_GROUP);

/** An element with a token, and with more attributes. */
export const element = (tag: string, token: string, inner: Markup, attributes?: Markup): Markup => ({
  markup: `<${tag} ${xml`token="${token}"${attributes}`.markup}>${inner.markup}</${tag}>`,
});

export const MULTICAST = xml`<tt:Multicast><tt:Address><tt:Type>IPv4</tt:Type><tt:IPv4Address>0.0.0.0</tt:IPv4Address></tt:Address><tt:Port>0</tt:Port><tt:TTL>0</tt:TTL><tt:AutoStart>false</tt:AutoStart></tt:Multicast>`;

/** Inside of tt:VideoSourceConfiguration. */
export const videoSourceConfiguration = (name: string, { width, height }: VideoParameters): Markup =>
  xml`<tt:Name>${name}</tt:Name><tt:UseCount>1</tt:UseCount><tt:SourceToken>${name}</tt:SourceToken><tt:Bounds x="0" y="0" width="${width}" height="${height}"/>`;

/** Inside of tt:AudioSourceConfiguration. */
export const audioSourceConfiguration = (name: string): Markup =>
  xml`<tt:Name>${name}</tt:Name><tt:UseCount>1</tt:UseCount><tt:SourceToken>${name}</tt:SourceToken>`;
