import { invariant } from '@dure/dure';

/** What the books say of one product, and what its movements add up to. */
export interface StockRow {
  readonly sku: string;
  readonly supplied: number;
  readonly available: number;
  readonly reserved: number;
  readonly sold: number;
  /** Sums over the events of the deliveries to the shelf, and over the lines of orders by their state. */
  readonly supplies: number;
  readonly lines_reserved: number;
  readonly lines_sold: number;
}

/** Whatever does not add up, product by product. */
export function stockViolations(rows: readonly StockRow[]): readonly string[] {
  return rows.flatMap((row) => {
    const { sku, supplied, available, reserved, sold } = row;
    const differs = (what: string, books: number, movements: number) =>
      books === movements ? [] : [`${sku}: ${what} is ${books}, but its movements add up to ${movements}`];
    return [
      ...differs('supplied', supplied, available + reserved + sold),
      ...differs('supplied', supplied, row.supplies),
      ...differs('reserved', reserved, row.lines_reserved),
      ...differs('sold', sold, row.lines_sold),
    ];
  });
}

/** For each product: supplied = available + reserved + sold, and each of them is the sum of its movements. */
export const stockIsConserved = invariant('stock is conserved', {
  reads: ['inventory'],
  check: async ({ inventory }) => {
    const rows = await inventory.rows<StockRow>(`
      select s.sku, s.supplied, s.available, s.reserved, s.sold,
        coalesce((select sum((e.data ->> 'quantity')::bigint) from dure.log e
          where e.stream = 'stock:' || s.sku and e.type = 'inventory.supplied'), 0)::bigint as supplies,
        coalesce(l.reserved, 0)::bigint as lines_reserved, coalesce(l.sold, 0)::bigint as lines_sold
      from shelf s left join (
        select sku, sum(quantity) filter (where state = 'reserved') as reserved,
          sum(quantity) filter (where state = 'sold') as sold
        from reserved_line group by sku
      ) l using (sku) order by s.sku`);
    const sum = (key: 'supplied' | 'available' | 'reserved' | 'sold') =>
      rows.reduce((total, row) => total + row[key], 0);
    const figures = {
      supplied: sum('supplied'),
      available: sum('available'),
      reserved: sum('reserved'),
      sold: sum('sold'),
    };
    const violations = stockViolations(rows);
    return { holds: violations.length === 0, figures, violations };
  },
});
