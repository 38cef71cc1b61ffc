import { describe, test } from 'node:test';
import type { Registrar, Registration } from '../server/registrar.port.ts';

/** An adapter under test, and a view on what callers see. */
export interface RegistrarUnderTest extends AsyncDisposable {
  readonly registrar: Registrar;
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
  });
}
