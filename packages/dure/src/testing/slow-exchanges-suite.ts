import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock, wait } from '@dure/core';
import { slowLoad } from './slow-load.ts';
import { startSystem } from './start-system.ts';

const harbour = join(import.meta.dirname, '..', '..', 'fixtures', 'harbour', 'system.ts');

/** So many streams of events and uploads at once, while the gateway and the service are replaced so often. */
export function slowExchangesSuite(size: { each: number; deploys: number; uploadMs: number }): void {
  const { each, deploys, uploadMs } = size;
  for (const what of ['gateway', 'quay'] as const) {
    test(`streams end by their last chunk and uploads are answered while the ${what} is replaced`, {
      timeout: 400_000,
    }, async () => {
      await using system = await startSystem(harbour, { placement: 'each' });
      const { edge } = system;
      using load = slowLoad({ streams: `${edge}/ships`, uploads: `${edge}/loads`, each, uploadMs });
      await wait(systemClock, uploadMs / 4);
      for (let deploy = 0; deploy < deploys; deploy += 1) {
        assert.deepEqual(load.faults, []);
        await system.restart(what);
      }
      await wait(systemClock, uploadMs / 4);
      const { ended, answered, faults } = await load.stop();
      assert.deepEqual(faults, []);
      assert.ok(ended >= each * deploys, `${ended} streams ended`);
      assert.ok(answered >= each, `${answered} uploads were answered`);
    });
  }
}
