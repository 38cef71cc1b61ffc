import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Instance, InstanceList } from '../instance-list.port.ts';

/** An adapter under test, and the means to change what it lists. */
export interface InstanceListUnderTest {
  readonly list: InstanceList;
  /** Makes these the instances of a service; resolves when the list shows them. */
  put(service: string, instances: readonly Instance[]): Promise<void>;
  close(): Promise<void>;
}

/** An instance for a test; every field but the id has a default. */
export function testInstance(service: string, id: string, change: Partial<Instance> = {}): Instance {
  return {
    id,
    service,
    host: '127.0.0.1',
    port: 7001,
    managementPort: 7002,
    zone: undefined,
    metadata: {},
    ...change,
  };
}

/**
 * What every `InstanceList` promises. Call it at the top level of a test file. `asListed` is for adapters whose source
 * cannot carry all of an instance: what becomes of it.
 */
export function instanceListContract(
  name: string,
  open: () => Promise<InstanceListUnderTest>,
  asListed: (instance: Instance) => Instance = (instance) => instance,
): void {
  const a = testInstance('stock', 'stock:a');
  const b = testInstance('stock', 'stock:b', { port: 7003 });
  const other = testInstance('order', 'order:a', { port: 7004 });
  const withList = (run: (under: InstanceListUnderTest) => Promise<void>) => async () => {
    const under = await open();
    try {
      await run(under);
    } finally {
      await under.close();
    }
  };
  const ids = (list: InstanceList, service: string) =>
    list
      .instances(service)
      .map((instance) => instance.id)
      .sort();

  describe(`${name} keeps the instance list's promises`, () => {
    test(
      'an unknown service has no instances',
      withList(async ({ list }) => assert.deepEqual(list.instances('nobody'), [])),
    );

    test(
      'names that every object has are unknown services too',
      withList(async ({ list }) => {
        for (const service of ['__proto__', 'constructor', 'toString', ''])
          assert.deepEqual(list.instances(service), []);
      }),
    );

    test(
      'an instance is listed whole, under its own service only',
      withList(async ({ list, put }) => {
        await put('stock', [a]);
        await put('order', [other]);
        const [listed] = list.instances('stock');
        const wanted = asListed(a);
        assert.deepEqual(
          [listed?.id, listed?.service, listed?.host, listed?.port, listed?.managementPort],
          [wanted.id, wanted.service, wanted.host, wanted.port, wanted.managementPort],
        );
        assert.deepEqual(ids(list, 'order'), [asListed(other).id]);
      }),
    );

    test(
      'the same array is returned until the list changes, and an array once returned never changes',
      withList(async ({ list, put }) => {
        await put('stock', [a]);
        const before = list.instances('stock');
        assert.equal(list.instances('stock'), before);
        await put('stock', [a, b]);
        assert.notEqual(list.instances('stock'), before);
        assert.equal(before.length, 1);
      }),
    );

    test(
      'an instance that left is listed no more',
      withList(async ({ list, put }) => {
        await put('stock', [a, b]);
        await put('stock', [b]);
        assert.deepEqual(ids(list, 'stock'), [asListed(b).id]);
        await put('stock', []);
        assert.deepEqual(list.instances('stock'), []);
      }),
    );

    test(
      'a change rings for its own service and for those who listen to all, and for nobody else',
      withList(async ({ list, put }) => {
        const rung: string[] = [];
        list.onChange('stock', () => rung.push('stock'));
        list.onChange('order', () => rung.push('order'));
        list.onChange(undefined, () => rung.push('any'));
        await put('stock', [a]);
        assert.deepEqual([...new Set(rung)].sort(), ['any', 'stock']);
      }),
    );

    test(
      'when it rings, the new list is already there',
      withList(async ({ list, put }) => {
        const seen: number[] = [];
        list.onChange('stock', () => seen.push(list.instances('stock').length));
        await put('stock', [a, b]);
        assert.equal(seen.at(-1), 2);
      }),
    );

    test(
      'after unsubscribing nothing rings',
      withList(async ({ list, put }) => {
        let rung = 0;
        const unsubscribe = list.onChange('stock', () => {
          rung += 1;
        });
        unsubscribe();
        unsubscribe();
        await put('stock', [a]);
        assert.equal(rung, 0);
      }),
    );
  });
}
