import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ids, systemClock, systemRandom, wait } from '@dure/core';
import { busEventJson, readBusEvent } from '../bus/bus-event.ts';
import type { BusResource, BusTransport } from '../bus/bus-transport.port.ts';

/** Where a transport is tried: each resource leads to the same broker. */
export interface BusTransportWorld extends AsyncDisposable {
  readonly resource: BusResource;
}

/** What every transport of the bus must do. */
export function busTransportContract(
  name: string,
  open: () => Promise<BusTransportWorld>,
  options: { readonly skip?: string | false } = {},
): void {
  test(`the bus over ${name}: every instance hears every event, in Spring’s JSON`, {
    skip: options.skip ?? false,
  }, async () => {
    await using world = await open();
    await using stack = new AsyncDisposableStack();
    const tools = { clock: systemClock, random: systemRandom, ids: ids(systemClock, systemRandom) };
    const heard: string[][] = [];
    const join = async (): Promise<BusTransport> => {
      const own: string[] = [];
      heard.push(own);
      const connection = { ...tools, name: `test ${heard.length}`, heard: (event: string) => own.push(event) };
      return stack.use(await world.resource.open({ ...connection, observe: () => {} }));
    };
    const all = [await join(), await join(), await join()];
    await until(() => all.every(({ isConnected }) => isConnected));
    const event = {
      kind: 'environment',
      id: tools.ids.uuid(),
      timestamp: 5,
      origin: 'ops:8080:1',
      destination: '주문:**',
      values: { greeting: '안녕 “hello”' },
    } as const;
    await all[0]?.publish(JSON.stringify(busEventJson(event)));
    await until(() => heard.every((own) => own.length > 0));
    for (const [text] of heard)
      assert.deepEqual(
        readBusEvent(text, () => ''),
        event,
      );
    await all[1]?.close();
    await all[1]?.close();
    await all[2]?.publish('last');
    await until(() => heard[0]?.at(-1) === 'last' && heard[2]?.at(-1) === 'last');
    assert.equal(heard[1]?.length, 1, 'who has left hears nothing');
    assert.equal(all[1]?.isConnected, false);
  });
}

async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 1_500; turn += 1) {
    if (holds()) return;
    await wait(systemClock, 20);
  }
  assert.fail('it did not come within 30 s');
}
