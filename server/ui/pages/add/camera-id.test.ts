import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cameraId } from './camera-id.ts';

test('plain names', () => {
  assert.equal(cameraId('Front door', []), 'front_door');
  assert.equal(cameraId('Haustür (Süd)', []), 'haustur_sud');
  assert.equal(cameraId('  -- ', []), 'camera');
  assert.equal(cameraId('Сад', []), 'camera');
});

test('taken names get a number', () => {
  assert.equal(cameraId('Door', ['door', 'door_2']), 'door_3');
});
