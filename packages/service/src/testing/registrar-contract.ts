import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Registrar, Registration } from '../server/registrar.port.ts';

/** An adapter under test, and a view on what callers see. */
export interface RegistrarUnderTest extends AsyncDisposable {
  readonly registrar: Registrar;
  /** The ids of the service's instances to which a caller routes at this moment. */
  up(service: string): readonly string[];
  /** Resolves when exactly these instances of the service take traffic; rejects when that does not happen. */
  untilUp(service: string, instanceIds: readonly string[]): Promise<void>;
}

/** What every `Registrar` promises. */
export function registrarContract(name: string, open: () => Promise<RegistrarUnderTest>): void {
  const instance = (id: string): Registration => ({
    service: 'stock',
    instanceId: `stock:${id}`,
    host: '127.0.0.1',
    port: 7001,
    managementPort: 7002,
    metadata: {},
  });
  describe(`a registrar (${name})`, () => {
    test('whoever registers is seen, and whoever closes is seen no more', async () => {
      await using under = await open();
      const [a, b] = await Promise.all([
        under.registrar.register(instance('a')),
        under.registrar.register(instance('b')),
      ]);
      await under.untilUp('stock', ['stock:a', 'stock:b']);
      await a.close();
      await under.untilUp('stock', ['stock:b']);
      await b.close();
      await under.untilUp('stock', []);
    });
    test('an instance that is out of service takes no traffic until it is up again', async () => {
      await using under = await open();
      const registered = await under.registrar.register(instance('a'));
      await under.untilUp('stock', ['stock:a']);
      await registered.setStatus('OUT_OF_SERVICE');
      await under.untilUp('stock', []);
      await registered.setStatus('UP');
      await under.untilUp('stock', ['stock:a']);
      await registered.close();
    });
    test('who has drained takes no traffic at that very moment, and draining again or after closing does no harm', async () => {
      await using under = await open();
      const [a] = await Promise.all([under.registrar.register(instance('a')), under.registrar.register(instance('b'))]);
      await under.untilUp('stock', ['stock:a', 'stock:b']);
      assert.equal(await a.drain(5_000), 'drained');
      assert.deepEqual([...under.up('stock')].sort(), ['stock:b']);
      assert.equal(await a.drain(5_000), 'drained');
      await a.close();
      assert.equal(await a.drain(0), 'drained');
      await under.untilUp('stock', ['stock:b']);
    });
  });
}
