/** Notes on cameras, protocols, devices and programs. The truth is in the options and producers of formats/{name}. */
import type { FormatNotes, Meanings } from './format-notes.ts';

const HTTP_OPTIONS: Meanings = {
  '#header=Name: value': 'sent with each request; may stand more than once',
  '#timeout=10': 'seconds until the answer begins, or a time such as `500ms`',
};

const PROCESS_OPTIONS: Meanings = {
  '#starttimeout=30': 'seconds until its media must be there',
  '#killsignal=15': 'the number of the first signal when it is ended; default SIGKILL at once',
  '#killtimeout=5': 'seconds until SIGKILL follows that signal; 0, the default: never',
};

export const PROTOCOL_NOTES: Readonly<Record<string, FormatNotes>> = {
  rtsp: {
    sources: {
      'rtsps://user:password@192.168.1.10:322/stream1':
        'RTSP over TLS; the certificate is verified unless the host is an IP address',
      'rtspx://user:password@camera.example/stream1': 'RTSP over TLS with any certificate',
      'rtsp://user:password@192.168.1.10/stream1#transport=udp#timeout=10': 'packets by UDP',
      'rtsp://192.168.1.10/stream1#transport=ws://192.168.1.10/rtsp': 'through a WebSocket',
    },
    options: {
      '#transport=tcp|udp|ws://…':
        'how packets travel; by default TCP, or UDP where the camera has nothing else',
      '#media=video,audio': 'only these tracks; default both',
      '#backchannel=0|1': 'whether to ask for the loudspeaker; 1 unless there are other options',
      '#timeout=5': 'seconds for an answer, and of silence',
    },
    outputs: {
      'rtsp://localhost:8554/front_door':
        'over TCP and UDP; the first video and the first audio track as they are',
      'rtsp://localhost:8554/front_door?video=h264&audio=aac,opus': 'of these codecs',
      'rtsp://localhost:8554/front_door?backchannel=1':
        'with the loudspeaker, for clients that do not ask for it by ONVIF',
    },
    query: {
      'video=…&audio=…': 'see “Which tracks”; default `rtsp.default_query`',
      'backchannel=1': 'offers the loudspeaker',
      'pkt_size=1200': 'largest RTP packet in bytes; default `rtsp.pkt_size`',
    },
    pushes: {
      'ffmpeg -re -i clip.mp4 -c copy -f rtsp rtsp://localhost:8554/upload':
        'ANNOUNCE and RECORD, over TCP or UDP; `?timeout=15`: seconds of silence that end it',
    },
    targets: {
      'rtsp://user:password@server.example:8554/name': 'over TCP; all tracks, or those of `#media=`',
    },
  },
  hass: {
    sources: {
      'hass://192.168.1.5:8123?entity_id=camera.front_door&token=LONG':
        'of any Home Assistant, with a long-lived access token',
      'hass://192.168.1.5:8123?entity_id=camera.front_door': 'with `hass.url` and `hass.token` of the config',
      'hass:Front Door':
        'an entry of its configuration (generic camera, ONVIF), with `hass.config`: its folder',
    },
  },
  onvif: {
    sources: {
      'onvif://user:password@192.168.1.10?subtype=1': 'the second profile',
      'onvif://user:password@192.168.1.10?subtype=MainStream': 'the profile with this token',
      'onvif://user:password@192.168.1.10?subtype=0&snapshot': 'pictures of its snapshot address',
      'onvif://user:password@192.168.1.10:8080/onvif/device_service#transport=udp':
        'another port; options behind `#` are those of the stream that is found, RTSP mostly',
    },
    options: {
      '?subtype=0': 'which profile: its place, counted from 0, or its token; default the first',
      '&snapshot': 'its pictures instead of its stream',
    },
    outputs: {
      'http://localhost:1984/onvif/front_door/device_service': 'a stream as an ONVIF camera, for recorders',
      'http://localhost:1984/onvif/device_service': 'one camera with a profile for each stream',
    },
  },
  rtmp: {
    sources: {
      'rtmp://user:password@192.168.1.10:1935/live/stream?token=1': 'with credentials, port and query',
      'rtmps://server.example/app/key': 'RTMP over TLS, port 443; verified unless the host is an IP address',
      'rtmpx://192.168.1.10:8443/app/key': 'RTMP over TLS with any certificate',
    },
    options: { '#timeout=10': 'seconds until it plays' },
    outputs: {
      'rtmp://localhost/front_door':
        'with `rtmp: {listen: ":1935"}`; H.264, HEVC for players that say they know it, AAC or MP3',
      'rtmp://localhost/live/front_door?video=h264&audio=aac': 'of these codecs; the application may be any',
    },
    query: {
      'video=…&audio=…': 'see “Which tracks”',
      'user=…&pass=…': '`rtmp.username` and `rtmp.password`, where they are set',
    },
    pushes: {
      'ffmpeg -re -i clip.mp4 -c copy -f flv rtmp://localhost/upload':
        'also `rtmp://localhost/upload/any-key`',
    },
    targets: {
      'rtmp://server.example/app/key': '`rtmps:` and `rtmpx:` as well',
      'rtmp://server.example/app/key#video=h264#audio=aac':
        'of these codecs; default h264 or hevc, and aac or mp3',
    },
  },
  webrtc: {
    sources: {
      'webrtc:http://192.168.1.10:8889/camera/whep':
        'WHEP; `https:` as well, and `httpx:`, which takes any certificate',
      'webrtc:https://cloud.example/whep#token=abc#header=X-Camera: 1': 'WHEP with more in the request',
      'webrtc:ws://192.168.1.20:1984/api/ws?src=front_door':
        'another server of this kind, or go2rtc; two-way',
      'webrtc:wss://kinesis.example/?X-Amz-…#format=kinesis#client_id=me#ice_servers=[{"urls":"turn:…"}]':
        'Amazon Kinesis Video Streams, with an address that was signed elsewhere',
      'webrtc:wss://kinesis.example/?X-Amz-…#format=switchbot#client_id=me#resolution=hd': 'SwitchBot',
      'webrtc:http://192.168.1.20:5000/signaling/front?kvs#format=wyze': 'Wyze, by docker-wyze-bridge',
      'webrtc:ws://192.168.1.10/webrtc_ws#format=openipc': 'OpenIPC',
      'webrtc:https://vms.example/api#format=milestone#username=me#password=secret#cameraId=a1b2':
        'Milestone XProtect',
      'webrtc:http://192.168.1.10:8000/call/webrtc_local#format=creality': "Creality's 3D printers",
    },
    options: {
      '#format=whep|go2rtc|kinesis|switchbot|wyze|openipc|milestone|creality':
        'who signals in a way of its own; default whep for `http`, go2rtc for `ws`',
      '#token=…': 'of `Authorization: Bearer` (whep, and WHIP to publish)',
      '#header=Name: value': 'more of the request; may stand more than once (whep, and WHIP)',
      '#ice_servers=[{"urls":"turn:…","username":"…","credential":"…"}]':
        'instead of those of the config; JSON, or JSON in Base64 (whep, go2rtc, kinesis, switchbot, openipc)',
      '#client_id=…': 'the id that the signature is for (kinesis, switchbot)',
      '#resolution=hd|sd|auto': 'default hd (switchbot)',
      '#play_type=0': 'default 0 (switchbot)',
      '#username= #password= #cameraId=': 'account and camera (milestone)',
      '#streamId= #playbackTime= #skipGaps #speed=':
        'which stream; a recording, from when and how fast (milestone)',
    },
    outputs: {
      'http://localhost:1984/stream.html?src=front_door&mode=webrtc': 'a page',
      'http://localhost:1984/api/webrtc?src=front_door': 'WHEP: POST of an offer',
      'ws://localhost:1984/api/ws?src=front_door': 'offer, answer and candidates as messages; two-way',
    },
    pushes: { 'http://localhost:1984/api/webrtc?dst=upload': 'WHIP: POST of an offer' },
    targets: {
      'webrtc:https://server.example/whip#token=abc': 'WHIP; `#header=` and `#ice_servers=` as for sources',
    },
  },
  hls: {
    sources: {
      'http://192.168.1.10/live/index.m3u8#header=Cookie: id=1':
        'a playlist is known by its type, its name and its content',
    },
    options: HTTP_OPTIONS,
    outputs: {
      'http://localhost:1984/api/stream.m3u8?src=front_door': 'MPEG-TS: h264 or hevc, and aac or mp3',
      'http://localhost:1984/api/stream.m3u8?src=front_door&mp4':
        'fMP4 with low latency: h264 or hevc, and aac',
    },
    query: {
      mp4: 'fMP4; `mp4=flac` allows FLAC as well, `mp4=all` Opus and MP3 too',
      'video=…&audio=…': 'fMP4 of these codecs, see “Which tracks”',
    },
  },
  webtorrent: {
    options: {
      '?share=…': 'the name of the share, at least 8 letters',
      '&pwd=…': 'its password, at least 4 letters',
    },
    outputs: {
      'POST http://localhost:1984/api/webtorrent?src=front_door':
        'shares a stream and answers with its link; DELETE ends it',
      'ws://localhost:1984/api/webtorrent': 'a tracker, for the `webtorrent.trackers` of others',
    },
  },
  http: {
    sources: {
      'http://user:password@192.168.1.10/snapshot.jpg#interval=2s':
        'a JPEG that is asked for again and again',
      'https://192.168.1.10/live.flv': 'any of the byte formats below; the certificate is verified',
      'httpx://192.168.1.10/live.ts#header=Authorization: Bearer abc': '`https:` with any certificate',
    },
    options: {
      ...HTTP_OPTIONS,
      '#interval=100ms': 'how often a snapshot is asked for',
    },
  },
  udp: {
    sources: {
      'udp://@:5000': 'sent to any address of this machine; `udp://192.168.1.2:5000` to one of them',
      'udp://10.0.0.5@239.0.0.1:1234': 'of one sender of the group only',
      'udp://239.0.0.1:1234?localaddr=192.168.1.2': 'joined on this interface',
    },
    options: {
      '?localaddr=192.168.1.2': 'the interface of a group, by its address; default: the system chooses',
      '#interface=eth0': 'the same by its name or its address',
    },
  },
  v4l2: {
    options: {
      '?video=/dev/video0': 'the device, or its number; /dev/video0 if not named',
      '&input_format=mjpeg|h264|hevc|yuyv422|nv12': 'what it gives; mjpeg if not named',
      '&video_size=1280x720': "one of its sizes; the device's own choice if not named",
      '&framerate=30': "one of its rates; the device's own choice if not named",
    },
  },
  alsa: {
    sources: { 'alsa:device?audio=/dev/snd/pcmC1D0p': 'a loudspeaker: PCM of 16 kHz, or A-law' },
    options: {
      '?audio=/dev/snd/pcmC0D0c': 'card 0, device 0, c: a microphone (PCM of 16 kHz, mono); p: a loudspeaker',
    },
  },
  ffmpeg: {
    sources: {
      'ffmpeg:garden#audio=opus': 'a stream of this server (it may be its own), its sound as Opus',
      'ffmpeg:/media/clip.mp4#video=copy#audio=copy': 'a file, as fast as it plays',
      'ffmpeg:srt://192.168.1.10:9000#video=copy#audio=copy': 'any protocol that FFmpeg reads',
      'ffmpeg:virtual?video=testsrc2&size=720&rate=25&audio#video=h264#audio=opus':
        'a test picture with a tone',
      'ffmpeg:device?video=0&video_size=1280x720#video=h264': 'a camera or a microphone at this machine',
      'ffmpeg:tts?text=Somebody is at the door#audio=pcma': 'speech, with an FFmpeg that has flite',
    },
    options: {
      '#video=copy|h264|h265|mjpeg|raw':
        'or another template of the config; nothing named: all tracks as they are',
      '#audio=copy|opus|aac|mp3|pcma|pcmu|pcm|pcml|auto':
        'with a rate where a template has it, `pcma/8000`; auto: what the loudspeaker takes that it is played on',
      '#width=1280 #height=720': 'scales; the other side follows',
      '#rotate=90|180|270|-90': 'turns, clockwise',
      '#hardware=vaapi|cuda|dxva2|videotoolbox|v4l2m2m|rkmpp':
        'encodes by this engine; `#hardware` alone by one that works here; software if not named',
      '#bitrate=2M': 'of the picture',
      '#raw=…': 'more arguments of FFmpeg',
      '#drawtext=…': "FFmpeg's filter: text in the picture, the time if it names no text",
      '#input=rtsp/udp': 'a template for the input, in the place of `file`, `http` or `rtsp`',
      '#timeout=5': 'seconds that an input may be silent; default `ffmpeg.timeout`',
      '#async': 'the time of arrival in the place of the time stamps',
      '#query=…': 'more of the query with which a stream of this server is read',
      '?video=testsrc&size=1080&rate=&duration=&sar=&decimals=&color=&audio':
        'of `virtual`: testsrc, testsrc2, color, smptebars, smptehdbars, pal75bars, mandelbrot, life; sizes 720, 1080, 2K, 4K, 8K or 640x360',
      '?video=/dev/video0&input_format=&video_size=&framerate=&pixel_format=&use_libv4l2=': 'of `device`',
      '?audio=default&channels=&sample_rate=': 'of `device`',
      '?text=…&voice=…': 'of `tts`',
      ...PROCESS_OPTIONS,
    },
  },
  exec: {
    sources: {
      'exec:libcamera-vid -t 0 --inline -o -': 'its standard output, recognised by its first bytes',
      'exec:aplay -q -t raw -f A_LAW -r 8000 -#backchannel=1#audio=alaw/8000': 'a loudspeaker',
    },
    options: {
      '{output}':
        'in the command: the address of our RTSP server that the program publishes to; without it, its standard output is read',
      '#backchannel=1':
        'the program is a loudspeaker: it is started when somebody talks and hears by its standard input',
      '#audio=alaw/8000':
        'what it hears, CODEC/RATE[/CHANNELS]: alaw, mulaw, s16le, s16be, aac (with ADTS headers), opus, flac; several in order of preference; s16le/16000 if not named',
      ...PROCESS_OPTIONS,
    },
  },
  stream: {
    sources: {
      front_door: 'the bare name of a stream',
      'front_door#media=video': 'only its picture',
    },
    options: { '#media=video|audio': 'only these tracks; default both' },
  },
};
