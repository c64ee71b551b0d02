/** What can stand behind the address of a source, by the name of its format, and what it does: for docs/formats.md. */
export const FORMAT_OPTIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  rtsp: {
    '#transport=tcp|udp|ws://…':
      'how packets travel; by default TCP, or UDP where the camera has nothing else',
    '#media=video,audio': 'only these tracks',
    '#backchannel=0|1': 'whether to ask for the loudspeaker; 1 unless there are other options',
    '#timeout=5': 'seconds for an answer, and of silence',
  },
  webrtc: {
    'webrtc:http(s)://…': 'WHEP, and WHIP to publish; `httpx://` takes any certificate',
    'webrtc:ws(s)://host/api/ws?src=NAME': 'another server of this kind, or go2rtc; two-way',
    '#format=kinesis|switchbot|wyze|openipc|milestone|creality': 'who signals in a way of its own',
    '#token=…': 'of `Authorization: Bearer` (WHEP, WHIP)',
    '#header=Name: value': 'more of the request (WHEP, WHIP)',
    '#ice_servers=[{"urls":"turn:…","username":"…","credential":"…"}]':
      'instead of those of the config; JSON, or JSON in Base64',
    '#client_id=…': 'kinesis, switchbot',
    '#resolution=hd|sd|auto#play_type=0': 'switchbot',
    '#username= #password= #cameraId= #streamId= #playbackTime= #skipGaps #speed=': 'milestone',
  },
  v4l2: {
    '?video=/dev/video0': 'the device, or its number',
    '&input_format=mjpeg|h264|hevc|yuyv422|nv12': 'what it gives; mjpeg if not named',
    '&video_size=1280x720': 'one of its sizes',
    '&framerate=30': 'one of its rates',
  },
  alsa: {
    '?audio=/dev/snd/pcmC0D0c':
      'card 0, device 0, c: a microphone (PCM of 16 kHz, mono); p: a loudspeaker (PCM of 16 kHz or A-law)',
  },
  exec: {
    '{output}':
      'in the command: the address of our RTSP server that the program publishes to; without it, its standard output is read',
    '#backchannel=1':
      'the program is a loudspeaker: it is started when somebody talks and hears by its standard input',
    '#audio=alaw/8000':
      'what it hears, CODEC/RATE[/CHANNELS]: alaw, mulaw, s16le, s16be, aac (with ADTS headers), opus, flac; several in order of preference; s16le/16000 if not named',
    '#starttimeout=30': 'seconds until its media must be there',
    '#killsignal=15': 'the number of the first signal when it is ended, in the place of SIGKILL',
    '#killtimeout=5': 'seconds until SIGKILL follows; 0: never',
  },
};
