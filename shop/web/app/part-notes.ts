import type { OrderPage } from './api.ts';
import type { Messages } from './messages.en.ts';

/** What a customer is told of an order page that is not whole. */
export interface PartNote {
  readonly tone: 'warn' | 'info';
  readonly text: string;
}

/** One note for each part that is absent, in part or in whole, or that something stands in for. */
export function partNotes({ customer, products }: OrderPage['parts'], { parts }: Messages): readonly PartNote[] {
  const notes: PartNote[] = [];
  if (customer.status === 'absent') notes.push({ tone: 'warn', text: parts.noCustomer });
  if (products.status === 'absent') notes.push({ tone: 'warn', text: parts.noProducts });
  if (products.status === 'partial')
    notes.push({ tone: 'warn', text: parts.someProducts(String(products.absent), String(products.of)) });
  if (products.status === 'fallback')
    notes.push({
      tone: 'info',
      text: products.ageS === undefined ? parts.dated : parts.datedSince(Math.max(1, Math.round(products.ageS / 60))),
    });
  return notes;
}
