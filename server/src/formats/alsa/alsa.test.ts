/** Sound devices: what the kernel tells, the commands, and programs in the place of arecord and aplay. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { audioCodec } from '../../codecs/codec.ts';
import { Streams } from '../../core/streams.ts';
import { createLogger } from '../../util/log.ts';
import { openSpeaker } from '../exec/backchannel.ts';
import { openCommand } from '../exec/producer.ts';
import type { OpenContext, Services } from '../format.ts';
import { openSource } from '../open.ts';
import { parseSourceText } from '../source-text.ts';
import { parseUsbStream, soundDevices } from './discovery.ts';
import { captureCommand, parseSoundDevice, playCommand } from './options.ts';

const INFO = `card: 0
device: 0
subdevice: 0
stream: CAPTURE
id: ALC257 Analog
name: ALC257 Analog
subname: subdevice #0
class: 0
subclass: 0
subdevices_count: 1
subdevices_avail: 1
`;
/** Linux 6.1 with a USB headset. */
const USB_STREAM = `C-Media Electronics Inc. USB Headset at usb-0000:00:14.0-2, full speed : USB Audio

Playback:
  Status: Stop
  Interface 1
    Altset 1
    Format: S16_LE
    Channels: 2
    Endpoint: 0x01 (1 OUT) (ADAPTIVE)
    Rates: 44100, 48000
    Bits: 16

Capture:
  Status: Stop
  Interface 2
    Altset 1
    Format: S16_LE
    Channels: 1
    Endpoint: 0x82 (2 IN) (ASYNC)
    Rates: 8000, 16000, 48000
    Bits: 16
`;

const context: OpenContext = {
  stream: 'x',
  signal: new AbortController().signal,
  log: createLogger('alsa'),
  services: {
    streams: new Streams(() => Promise.reject(new Error('unused'))),
    section: () => ({}),
  } as Partial<Services> as Services,
};

test('devices are listed with what the kernel tells of them', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'porthole-alsa-'));
  try {
    const [devices, proc] = [join(folder, 'snd'), join(folder, 'asound')];
    for (const path of [devices, join(proc, 'card0/pcm0c')]) mkdirSync(path, { recursive: true });
    mkdirSync(join(proc, 'card1'));
    for (const file of ['controlC0', 'pcmC0D0c', 'pcmC1D0p', 'seq', 'timer'])
      writeFileSync(join(devices, file), '');
    writeFileSync(join(proc, 'card0/pcm0c/info'), INFO);
    writeFileSync(join(proc, 'card1/stream0'), USB_STREAM);
    assert.deepEqual(await soundDevices(devices, proc), [
      { name: 'ALC257 Analog', info: 'Microphone', url: 'alsa:device?audio=/dev/snd/pcmC0D0c' },
      {
        name: 'pcmC1D0p',
        info: 'Loudspeaker, Formats: s16le, Rates: 44100-48000, Channels: 2',
        url: 'alsa:device?audio=/dev/snd/pcmC1D0p',
      },
    ]);
    assert.equal(parseUsbStream(USB_STREAM, true), 'Formats: s16le, Rates: 8000-48000, Channels: 1');
    assert.equal(parseUsbStream('Capture:', true), '');
    assert.deepEqual(await soundDevices('/nonexistent', proc), []);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('without a device the error says so', async () => {
  const missing = openSource('alsa:device?audio=/dev/snd/pcmC97D0c', context, false);
  await assert.rejects(missing, {
    code: 'not_found',
    message: /no such sound device: \/dev\/snd\/pcmC97D0c$/,
  });
  await assert.rejects(openSource('alsa:device?audio=hw:0', context, false), { code: 'invalid_source' });
});

test('a microphone and a loudspeaker through the programs in the place of arecord and aplay', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'porthole-alsa-'));
  const { PATH } = process.env;
  const install = (name: string, text: string): void => {
    writeFileSync(join(folder, name), `#!/bin/sh\nprintf '%s' "$*" > ${folder}/${name}.words\n${text}\n`);
    chmodSync(join(folder, name), 0o755);
  };
  try {
    install('arecord', 'exec ffmpeg -v error -re -f lavfi -i sine -ar 16000 -ac 1 -f wav -');
    install('aplay', `exec cat > ${folder}/heard`);
    process.env.PATH = `${folder}:${PATH}`;

    const microphone = parseSourceText('alsa:device?audio=/dev/snd/pcmC1D2c');
    const capture = captureCommand('alsa-utils', parseSoundDevice(microphone.rest));
    const producer = await openCommand(capture, microphone, context);
    assert.deepEqual(producer.tracks[0]?.codec, audioCodec('pcm_s16le', 16000));
    const stop = new AbortController();
    let packets = 0;
    await producer.run(() => {
      if (++packets === 10) stop.abort();
    }, stop.signal);
    assert.equal(
      readFileSync(join(folder, 'arecord.words'), 'utf8'),
      '-q -D plughw:1,2 -f S16_LE -r 16000 -c 1 -t wav -',
    );

    const speaker = parseSourceText('alsa:device?audio=/dev/snd/pcmC1D2p');
    const codec = audioCodec('pcm_alaw', 8000);
    const play = (): string[] => playCommand('alsa-utils', parseSoundDevice(speaker.rest), codec);
    const { backchannel } = await openSpeaker(play, [codec], speaker, context);
    const talk = await backchannel!.open(codec, context.signal);
    const data = Buffer.from('what is said');
    talk.write({ track: { id: 0, codec }, data, pts: 0, dts: 0, duration: data.length, key: true, time: 0 });
    talk.close();
    for (let tries = 0; tries < 100; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      if (readHeard(folder) === 'what is said') break;
    }
    assert.equal(readHeard(folder), 'what is said');
    assert.equal(
      readFileSync(join(folder, 'aplay.words'), 'utf8'),
      '-q -D plughw:1,2 -t raw -f A_LAW -r 8000 -c 1 -',
    );
  } finally {
    process.env.PATH = PATH;
    rmSync(folder, { recursive: true });
  }
});

function readHeard(folder: string): string {
  try {
    return readFileSync(join(folder, 'heard'), 'utf8');
  } catch {
    return '';
  }
}

test('FFmpeg stands in where alsa-utils are missing', () => {
  const device = parseSoundDevice('device?audio=/dev/snd/pcmC0D0c');
  assert.match(
    captureCommand({ ffmpeg: 'ffmpeg' }, device).join(' '),
    /-f alsa .*-sample_rate 16000 -i plughw:0,0 .*-f wav/,
  );
  const words = playCommand({ ffmpeg: 'ffmpeg' }, device, audioCodec('pcm_s16le', 16000)).join(' ');
  assert.match(words, /-f s16le -ar 16000 -ac 1 -i - -f alsa plughw:0,0$/);
});
