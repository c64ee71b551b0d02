import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findRtpInfo, parseRtpInfo } from './rtp-info.ts';

test('reads what cameras write', () => {
  assert.deepEqual(
    parseRtpInfo(
      'url=rtsp://a/live?x=1,2;y/trackID=0;seq=45102;rtptime=12345678, url="trackID=1";rtptime=4294967295;seq=7,url=c',
    ),
    [
      { url: 'rtsp://a/live?x=1,2;y/trackID=0', sequence: 45102, rtpTime: 12345678 },
      { url: 'trackID=1', sequence: 7, rtpTime: 4294967295 },
      { url: 'c', sequence: undefined, rtpTime: undefined },
    ],
  );
  assert.deepEqual(parseRtpInfo(''), []);
  assert.equal(parseRtpInfo('url=a;seq=1;rtptime=99999999999')[0]?.rtpTime, undefined);
});

test('finds the entry of a media by its whole URL or the end of it', () => {
  const entries = parseRtpInfo(
    'url=rtsp://nat/live/track1;rtptime=1,url=track2;rtptime=2,url=rtsp://a/x;rtptime=3',
  );
  assert.equal(findRtpInfo(entries, 'rtsp://a/x')?.rtpTime, 3);
  assert.equal(findRtpInfo(entries, 'rtsp://a/live/track1')?.rtpTime, 1);
  assert.equal(findRtpInfo(entries, 'rtsp://a/live/track2')?.rtpTime, 2);
  assert.equal(findRtpInfo(entries, 'rtsp://a/live/track3'), undefined);
});
