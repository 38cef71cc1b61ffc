import type { Message } from '../message.ts';
import type { Parking } from '../parking.port.ts';
import type { MemoryTx } from './memory-tx.ts';

/** Parks among the values of the memory that effects go to: `parked <consumer> <key>` holds the messages that wait. */
export const memoryParking: Parking<MemoryTx> = {
  setAside: async (consumer, messages, tx) =>
    messages.filter((message) => {
      const waiting = tx.get(place(consumer, message)) as readonly Message[] | undefined;
      if (waiting !== undefined) tx.set(place(consumer, message), [...waiting, message]);
      return waiting === undefined;
    }),
  park: async (consumer, message, _error, tx) => tx.set(place(consumer, message), [message]),
};

const place = (consumer: string, { key }: Message) => `parked ${consumer} ${key}`;
