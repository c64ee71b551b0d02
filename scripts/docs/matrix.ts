/** “What is proved”: the tables of test/matrix, which test/e2e/matrix-*.test.ts run, and what other tests prove. */
import { type Cell, OUTPUTS, STREAMS, type StreamName } from '../../test/matrix/outputs.ts';
import { ADDRESSES, BYTE_FORMATS, type Transport } from '../../test/matrix/sources.ts';
import { codeSpan, table } from './markdown.ts';

const TRANSPORTS: Readonly<Record<Transport, string>> = {
  http: 'HTTP',
  tcp: 'TCP',
  pipe: 'program',
  post: 'POST',
};

/** What has a peer of its own, or none: by the test that proves it. */
const ELSEWHERE: readonly (readonly [what: string, judge: string, test: string])[] = [
  ['MP4, every pairing of codecs', 'ffprobe and ffmpeg', 'mp4-pairings'],
  ['MSE', 'ffmpeg; Chromium, on its own and in the player', 'mse-time'],
  ['HLS out', 'ffmpeg; hls.js in Chromium, low latency too', 'hls'],
  ['HLS in: MPEG-TS, fMP4, AES-128, VOD, master playlists', 'ffmpeg writes them', 'hls'],
  ['WebRTC viewers and publishers, UDP and TCP, two-way', 'Chromium', 'webrtc-browser'],
  ['The same with another ICE, DTLS and SRTP', 'werift', 'webrtc-peers'],
  ['WHEP and WHIP that we begin', "Chromium's camera and picture", 'webrtc-browser-peer'],
  ['The same with loss, relays, HEVC and talk', 'another Porthole', 'webrtc-sources'],
  [
    'Dialects: kinesis, switchbot, wyze, openipc, milestone, creality',
    'fakes of their signalling, with werift',
    'webrtc-dialects',
  ],
  ['WebTorrent', 'another Porthole, a third is the tracker', 'webtorrent'],
  ['ONVIF as server', 'the client of npm `onvif`', 'onvif'],
  ['ONVIF as source', 'a fake camera; another Porthole', 'onvif'],
  [
    'RTSP cameras that are odd, faulty or gone',
    'a fake camera that shares no code with the server',
    'rtsp-quirks',
  ],
  ['RTSP pushed by UDP and TCP, and pushed on', 'ffmpeg', 'publish'],
  ['RTMP and FLV, all four ways', 'ffmpeg', 'rtmp'],
  ['MPEG-TS with B-frames; multicast', 'ffmpeg', 'mpegts'],
  ['YUV4MPEG2, characters', 'ffmpeg', 'raw-pictures'],
  ['`publish:`', 'ffmpeg', 'publications'],
  ['SRT through FFmpeg, loudspeakers that are programs', 'ffmpeg', 'local-sources'],
  ['Two-way audio', "ffmpeg, of what the camera's loudspeaker got", 'talk'],
  ['Transcoding', 'ffmpeg and Chromium', 'transcode'],
];

/** The whole section. */
export function renderMatrix(): string {
  return `## What is proved

Each test run feeds the server with ffmpeg and lets ffmpeg decode what comes out: ten seconds of each output, four of each source.
Codecs and sizes must be those of the tables, presentation times increase, the decoder must not complain, and where there is both, the
beep must be within 100 ms of the flash. _Slanted_: not what the camera sends, the server made it.

### Outputs

By what the camera sends. _Refused_: status 406, with what the camera offers and what the viewer accepts.

${outputs()}
### Sources

As viewers by RTSP and by MP4 get it, both at once. _Slanted_ here: other than RTSP viewers get it.

${sources()}
### Elsewhere

With other peers, in \`test/e2e\`.

${table(
  ['what', 'judge', 'test'],
  ELSEWHERE.map(([what, judge, test]) => [what, judge, `[${test}](../test/e2e/${test}.test.ts)`]),
)}
Without a peer of their own: **alsa** and **v4l2**, as machines that run tests have neither sound cards nor cameras: their tests put programs in
the place of \`arecord\`, \`aplay\`, \`v4l2-ctl\` and FFmpeg, and read what the real ones print. **Hardware encoders** likewise: the command is
tested, the encoder is not. **NUT** and **AU** are read as ffmpeg writes them, by unit tests. **Clouds** are known by their signalling alone.
`;
}

function outputs(): string {
  const names = Object.keys(STREAMS) as StreamName[];
  const rows = OUTPUTS.map(({ title, address, cells }) => [
    title,
    codeSpan(address.replace('///', '//…/')),
    ...names.map((name) => renderCell(cells[name], [STREAMS[name].video, STREAMS[name].audio])),
  ]);
  return table(['output', 'address', ...names], rows);
}

function sources(): string {
  const bytes = BYTE_FORMATS.map(({ format, transports, rtsp, mp4, note = '' }) => [
    format,
    transports.map((transport) => TRANSPORTS[transport]).join(', '),
    ...both(rtsp, mp4),
    note,
  ]);
  const addresses = ADDRESSES.map(({ format, title, rtsp, mp4 }) => [format, title, ...both(rtsp, mp4), '']);
  return table(['source', 'by, or what', 'RTSP', 'MP4', ''], [...bytes, ...addresses]);
}

const both = (rtsp: Cell, mp4: Cell): string[] => [renderCell(rtsp), renderCell(mp4, rtsp.split('/'))];

/** `h264/aac` as “h264 + aac”; slanted what is not among `given`, if that is known. */
export function renderCell(cell: Cell, given?: readonly (string | undefined)[]): string {
  if (cell === 'refused') return '_refused_';
  return cell
    .split('/')
    .filter(Boolean)
    .map((codec) => (given && !given.includes(codec) ? `_${codec}_` : codec))
    .join(' + ');
}
