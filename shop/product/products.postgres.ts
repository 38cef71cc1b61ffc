import type { Generated, Kysely, Selectable } from '@dure/postgres';
import type { z } from 'zod';
import type { Price, Product } from './contract.ts';

/** The tables of the product service. */
export interface ProductTables {
  readonly product: ProductTable;
  readonly notice: NoticeTable;
}

interface NoticeTable {
  readonly sku: string;
  readonly round: number;
  readonly left_over: number | null;
  readonly state: 'coming' | 'withdrawn' | 'over';
  readonly at: Generated<number>;
}

interface ProductTable {
  readonly sku: string;
  readonly name_en: string;
  readonly name_ko: string;
  readonly description_en: string;
  readonly description_ko: string;
  /** Won. */
  readonly price: number;
  readonly picture: string;
  readonly added_at: Generated<number>;
}

type Item = z.output<typeof Product>;

/** The catalogue as it is stored. */
export interface Products {
  find(sku: string): Promise<Item | undefined>;
  /** At most `limit` products whose SKU comes after the given one, in order of SKU. */
  after(sku: string, limit: number): Promise<readonly Item[]>;
  /** False when the SKU is taken. */
  insert(item: Item): Promise<boolean>;
  /** The product with its new price and whether that changed anything; undefined when there is no such product. */
  setPrice(sku: string, price: z.output<typeof Price>): Promise<{ item: Item; changed: boolean } | undefined>;
}

/** The catalogue in PostgreSQL; give the transaction to change it. */
export function postgresProducts(db: Kysely<ProductTables>): Products {
  const find = async (sku: string): Promise<Item | undefined> => {
    const row = await db.selectFrom('product').selectAll().where('sku', '=', sku).executeTakeFirst();
    return row === undefined ? undefined : itemOf(row);
  };
  return {
    find,
    async after(sku, limit) {
      const rows = await db
        .selectFrom('product')
        .selectAll()
        .where('sku', '>', sku)
        .orderBy('sku')
        .limit(limit)
        .execute();
      return rows.map(itemOf);
    },
    async insert(item) {
      const inserted = await db
        .insertInto('product')
        .values(rowOf(item))
        .onConflict((conflict) => conflict.doNothing())
        .returning('sku')
        .executeTakeFirst();
      return inserted !== undefined;
    },
    async setPrice(sku, price) {
      const row = await db
        .updateTable('product')
        .set({ price: price.amount })
        .where('sku', '=', sku)
        .where('price', '<>', price.amount)
        .returningAll()
        .executeTakeFirst();
      if (row !== undefined) return { item: itemOf(row), changed: true };
      const item = await find(sku);
      return item === undefined ? undefined : { item, changed: false };
    },
  };
}

function itemOf(row: Selectable<ProductTable>): Item {
  return {
    sku: row.sku,
    name: { en: row.name_en, ko: row.name_ko },
    description: { en: row.description_en, ko: row.description_ko },
    price: { amount: row.price, currency: 'KRW' },
    picture: row.picture,
  };
}

function rowOf({ sku, name, description, price, picture }: Item) {
  return {
    sku,
    name_en: name.en,
    name_ko: name.ko,
    description_en: description.en,
    description_ko: description.ko,
    price: price.amount,
    picture,
  };
}
