import type { Statements } from '@dure/sqlite';
import type { Price, Product } from '@shop/product/contract';
import type { z } from 'zod';
import { asked, indexed } from './words.ts';

type Item = z.output<typeof Product>;

/** Products as they are shown, and beside them what is found in them. */
export const catalogueSchema = `
  create table product (id integer primary key, sku text not null unique, item text not null) strict;
  create virtual table words using fts5(name, description, tokenize = "unicode61 remove_diacritics 2", prefix = '1 2 3');
`;

/** A word in a name counts as much as ten in a description. */
const ranked = 'bm25(words, 10.0, 1.0)';

/** At most so many products that hold all words of a text, the best first. */
export function find(read: Pick<Statements, 'all'>, text: string, limit: number): readonly Item[] {
  const query = asked(text);
  if (query === undefined) return [];
  const rows = read.all(
    `select product.item from words join product on product.id = words.rowid where words match ? order by ${ranked}, product.sku limit ?`,
    query,
    limit,
  );
  return rows.map(({ item }) => JSON.parse(String(item)) as Item);
}

/** A product has come into the catalogue, or is told once more. */
export function put(tx: Statements, item: Item): void {
  tx.run(
    'insert into product (sku, item) values (?, ?) on conflict (sku) do update set item = excluded.item',
    item.sku,
    JSON.stringify(item),
  );
  const id = tx.first('select id from product where sku = ?', item.sku)?.id ?? 0;
  const { name, description } = item;
  tx.run('delete from words where rowid = ?', id);
  tx.run(
    'insert into words (rowid, name, description) values (?, ?, ?)',
    id,
    indexed(`${name.en} ${name.ko}`),
    indexed(`${description.en} ${description.ko}`),
  );
}

/** It costs something else. */
export function setPrice(tx: Statements, sku: string, price: z.output<typeof Price>): void {
  tx.run(`update product set item = json_set(item, '$.price', json(?)) where sku = ?`, JSON.stringify(price), sku);
}
