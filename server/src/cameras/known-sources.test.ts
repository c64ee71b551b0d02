import assert from 'node:assert/strict';
import { test } from 'node:test';
import { knownCamera } from './known-sources.ts';

const KNOWN = [
  {
    id: 'front',
    sources: ['onvif://admin:p@192.168.1.10?subtype=0#backchannel=0', 'ffmpeg:front#video=h264'],
  },
  { id: 'yard', sources: ['ffmpeg:rtsp://u:p@192.168.1.11:554/a#video=copy'] },
  { id: 'desk', sources: ['v4l2:device?video=/dev/video0&input_format=mjpeg'] },
  { id: 'nest', sources: ['hass://ha.local:8123?entity_id=camera.nest&token=secret'] },
  { id: 'push', sources: [] },
];
const CASES: readonly [title: string, address: string, source: string, alone: boolean, id?: string][] = [
  ['the same source, as somebody else', 'x', 'onvif://root:q@192.168.1.10?subtype=0', false, 'front'],
  [
    'another profile of a device with several lenses',
    '192.168.1.10',
    'onvif://192.168.1.10?subtype=4',
    false,
  ],
  ['another source of the same device', '192.168.1.10', 'rtsp://192.168.1.10/1', true, 'front'],
  ['the address inside of another source', '192.168.1.11', 'onvif://192.168.1.11', true, 'yard'],
  ['an address that begins alike', '192.168.1.1', 'onvif://192.168.1.1', true],
  ['a device of this machine', '/dev/video0', 'v4l2:device?video=/dev/video0', true, 'desk'],
  ['the next device', '/dev/video', 'v4l2:device?video=/dev/video', true],
  ['an entity, with another token', 'x', 'hass://ha.local:8123?entity_id=camera.nest', true, 'nest'],
  ['an entity of the same Home Assistant', 'x', 'hass://ha.local:8123?entity_id=camera.door', true],
];
for (const [title, address, source, alone, id] of CASES) {
  test(title, () => assert.equal(knownCamera({ address, sources: [{ source }] }, KNOWN, alone), id));
}
