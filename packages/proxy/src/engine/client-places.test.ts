import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClientPlaces } from './client-places.ts';

test('a client has so many places, whatever addresses of its network it uses, and others have theirs', () => {
  let most = 2;
  const places = new ClientPlaces(() => most);
  const first = places.enter('2001:db8::1');
  places.enter('2001:db8::2');
  assert.throws(() => places.enter('2001:db8::3'), { code: 'GATEWAY_TOO_MANY_UNDERWAY' });
  places.enter('192.0.2.1');
  first.leave();
  places.enter('2001:db8::4');
  most = 3;
  places.enter('2001:db8::5');
  assert.throws(() => places.enter('2001:db8::6'), { code: 'GATEWAY_TOO_MANY_UNDERWAY' });
});

test('clients that have gone are forgotten before they are too many, and those that have not are kept', () => {
  const places = new ClientPlaces(() => 1);
  places.enter('192.0.2.1');
  for (let index = 0; index < 100_000; index += 1) {
    places.enter(`10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`).leave();
  }
  assert.ok(places.size <= 1_024, `${places.size} are remembered`);
  assert.throws(() => places.enter('192.0.2.1'), { code: 'GATEWAY_TOO_MANY_UNDERWAY' });
  const held = Array.from({ length: 3_000 }, (_, index) => places.enter(`10.1.${index >> 8}.${index & 255}`));
  assert.ok(places.size >= 3_001);
  for (const one of held) one.leave();
  for (let index = 0; index < 10_000; index += 1) places.enter(`10.2.${index >> 8}.${index & 255}`).leave();
  assert.ok(places.size <= 8_192, `${places.size} are remembered`);
});
