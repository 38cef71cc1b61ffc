import { z } from 'zod';
import { command } from './contract.ts';

const input = z.object({ sku: z.string(), count: z.int() });
const key = ({ sku }: { sku: string }) => sku;

command({ input, key });
command({ input, key, version: 2, upcast: { 1: ({ item }: { item: string }) => ({ sku: item, count: 1 }) } });

// @ts-expect-error A second version says how the first becomes it.
command({ input, key, version: 2 });
// @ts-expect-error The last step gives what the input takes.
command({ input, key, version: 2, upcast: { 1: ({ item }: { item: string }) => ({ sku: item }) } });
