import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fillTemplate } from './source-template.ts';

const RTSP = 'rtsp://[{username}:{password}@]{host}[:{port}]{+path}';

test('values are encoded, or written as they are', () => {
  const values = {
    username: 'admin',
    password: 'p@ss:w/rd!',
    host: '10.0.0.9',
    port: '554',
    path: '/live?a=1',
  };
  assert.equal(fillTemplate(RTSP, values), 'rtsp://admin:p%40ss%3Aw%2Frd%21@10.0.0.9:554/live?a=1');
});

test('brackets are left out when all in them is empty', () => {
  assert.equal(fillTemplate(RTSP, { host: 'cam.lan', path: '/1' }), 'rtsp://cam.lan/1');
  assert.equal(fillTemplate(RTSP, { host: 'cam.lan', username: 'a', port: ' ' }), 'rtsp://a:@cam.lan');
  assert.equal(fillTemplate('x://[{a}[:{b}]@]{c}', { b: '2', c: '3' }), 'x://:2@3');
  assert.equal(fillTemplate('x://[{a}[:{b}]@]{c}', { a: '1', c: '3' }), 'x://1@3');
});

test('brackets and braces in values are values', () => {
  assert.equal(fillTemplate('x://{+host}', { host: '[::1]' }), 'x://[::1]');
  assert.equal(fillTemplate('x://{+a}/{+b}', { a: '{+b}', b: '1' }), 'x://{+b}/1');
});
