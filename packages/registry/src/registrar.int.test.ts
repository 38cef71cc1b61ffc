import assert from 'node:assert/strict';
import { systemClock, systemRandom } from '@dure/core';
import { registrarContract } from '@dure/service/testing';
import { silentTelemetry } from '@dure/telemetry';
import { registryClient } from './client/registry-client.ts';
import { startRegistry } from './testing/start-registry.ts';

registrarContract('registry client', async () => {
  const registry = await startRegistry();
  const connect = () =>
    registryClient({
      url: registry.url,
      signer: registry.signer('stock'),
      signerOf: registry.signer,
      clock: systemClock,
      random: systemRandom,
      telemetry: silentTelemetry(),
    });
  const registrar = connect();
  const caller = connect();
  return {
    registrar,
    up: (service) => caller.instances(service).map(({ id }) => id),
    async untilUp(service, instanceIds) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const look = () => {
        const seen = caller
          .instances(service)
          .map(({ id }) => id)
          .sort();
        if (JSON.stringify(seen) === JSON.stringify(instanceIds)) resolve();
      };
      const stop = caller.onChange(service, look);
      const timer = systemClock.after(5_000, resolve);
      look();
      await promise;
      timer.cancel();
      stop();
      assert.deepEqual(
        caller
          .instances(service)
          .map(({ id }) => id)
          .sort(),
        [...instanceIds],
      );
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([registrar.close(), caller.close()]);
      await registry[Symbol.asyncDispose]();
    },
  };
});
