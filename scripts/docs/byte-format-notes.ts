/** Notes on byte formats and outputs. The truth is in formats/{name}/output.ts, formats/http-viewer.ts and api/routes. */
import type { FormatNotes, Meanings } from './format-notes.ts';

const API = 'http://localhost:1984/api';

const TRACKS: Meanings = { 'video=…&audio=…': 'see “Which tracks”' };
const FILE_NAME: Meanings = { 'filename=clip': 'saves it under this name' };

/** FFmpeg sends its output to a stream of ours; `words` choose the format. */
const pushed = (words: string, extension: string): Meanings => ({
  [`ffmpeg -re -i clip.mp4 ${words} "${API}/stream.${extension}?dst=upload"`]: '',
});

const output = (extension: string, meaning: string): Meanings => ({
  [`${API}/stream.${extension}?src=front_door`]: meaning,
});

export const BYTE_FORMAT_NOTES: Readonly<Record<string, FormatNotes>> = {
  mp4: {
    outputs: {
      ...output('mp4', 'endless, or of a duration: h264 or hevc, and aac'),
      [`${API}/stream.mp4?src=front_door&duration=60&filename=door.mp4`]: 'a file of a minute',
      [`${API}/frame.mp4?src=front_door`]: 'a key frame as a file',
      'ws://localhost:1984/api/ws?src=front_door': 'MSE, for players that name their codecs',
    },
    query: {
      mp4: '`mp4=flac` allows FLAC, made of PCM, as well; `mp4=all` Opus and MP3 too',
      'video=…&audio=…': 'see “Which tracks”; PCM is given as FLAC',
      'duration=60': 'seconds; default endless',
      ...FILE_NAME,
      'rotate=90|180|270|-90': 'the player turns the picture',
      'scale=4:3': 'pixel aspect ratio',
    },
    pushes: pushed('-c copy -movflags frag_keyframe+empty_moov+default_base_moof -f mp4', 'mp4'),
  },
  flv: {
    outputs: output('flv', 'h264 or hevc, and aac or mp3'),
    query: { ...TRACKS, ...FILE_NAME },
    pushes: pushed('-c copy -f flv', 'flv'),
  },
  yuv4mpegpipe: {
    outputs: output('y4m', 'decoded pictures; slow viewers get fewer of them'),
    query: FILE_NAME,
    pushes: pushed('-pix_fmt yuv420p -f yuv4mpegpipe', 'y4m'),
  },
  ascii: {
    outputs: {
      ...output('ascii', 'for `curl` in a terminal'),
      [`${API}/stream.ascii?src=front_door&color=256&text=block&width=100`]: 'with colours and blocks',
    },
    query: {
      'color=8|256|rgb':
        'colour of the characters, or one for all such as `1;32`; default that of the terminal',
      'back=8|256|rgb': 'colour behind them, likewise',
      'text=…': 'characters from dark to bright, or `block`; default ` .::--~~==++**##%%$@`',
      'width=120&height=40': 'characters and rows; one follows from the other, default 120 characters',
      ...FILE_NAME,
    },
  },
  mpjpeg: {
    outputs: output('mjpeg', "multipart: the camera's own JPEG pictures, else made of its video"),
    pushes: pushed('-c:v mjpeg -f mpjpeg', 'mjpeg'),
  },
  mpegts: {
    outputs: output('ts', 'h264 or hevc, and aac'),
    query: { ...TRACKS, ...FILE_NAME },
    pushes: pushed('-c copy -f mpegts', 'ts'),
  },
  hevc: { pushes: pushed('-an -c:v libx265 -f hevc', 'hevc') },
  h264: { pushes: pushed('-an -c copy -bsf:v h264_mp4toannexb -f h264', 'h264') },
  adts: {
    outputs: output('aac', 'the sound alone'),
    query: FILE_NAME,
    pushes: pushed('-vn -c copy -f adts', 'aac'),
  },
  wav: { pushes: pushed('-vn -c:a pcm_alaw -ar 8000 -f wav', 'wav') },
  au: { pushes: pushed('-vn -c:a pcm_mulaw -ar 8000 -f au', 'au') },
  mjpeg: {
    outputs: {
      [`${API}/frame.jpeg?src=front_door`]: 'one picture: the newest',
      [`${API}/frame.jpeg?src=front_door&width=640&cache=5s`]: 'smaller, and up to five seconds old',
    },
    query: {
      'width=640 height=360': 'pixels, `w` and `h` for short; the other side follows',
      'rotate=90|180|270|-90': 'turns, clockwise',
      hardware: 'decodes with hardware where possible, `hw` for short',
      'cache=500ms': 'how old the picture may be',
    },
    pushes: pushed('-c:v mjpeg -f mjpeg', 'jpeg'),
  },
  nut: { pushes: pushed('-c copy -f nut', 'nut') },
  matroska: {
    outputs: output('mkv', 'whatever the camera has'),
    query: { ...TRACKS, ...FILE_NAME },
  },
};
