/** A service's database, opened for reading only. */
export interface ReadOnlyDatabase {
  /** Rows of one SQL query; all queries of one check see the same snapshot of the database. */
  rows<Row extends object>(sql: string): Promise<readonly Row[]>;
}

/** What a check found. */
export interface Finding {
  readonly holds: boolean;
  /** The numbers that were compared, by name. */
  readonly figures: Readonly<Record<string, number | string>>;
  /** What breaks it, one line each, such as the ids of orders; at most twenty are shown. */
  readonly violations?: readonly string[];
}

/** A statement about the databases of several services that is true at any time, or soon is. */
export interface Invariant {
  readonly kind: 'invariant';
  readonly name: string;
  /** The services whose databases it reads. */
  readonly reads: readonly string[];
  readonly check: (databases: Readonly<Record<string, ReadOnlyDatabase>>) => Promise<Finding>;
}

/**
 * Declares an invariant for `dure verify`.
 *
 * @example
 * invariant('what is paid is confirmed', {
 *   reads: ['order', 'payment'],
 *   check: async ({ order, payment }) => {
 *     const [confirmed] = await order.rows<{ n: number }>(`select count(*)::int as n from orders where state = 'confirmed'`);
 *     const [captured] = await payment.rows<{ n: number }>('select count(*)::int as n from captures');
 *     return { holds: confirmed?.n === captured?.n, figures: { confirmed: confirmed?.n ?? 0, captured: captured?.n ?? 0 } };
 *   },
 * })
 */
export function invariant<const Service extends string>(
  name: string,
  spec: {
    readonly reads: readonly Service[];
    readonly check: (databases: { readonly [S in Service]: ReadOnlyDatabase }) => Promise<Finding>;
  },
): Invariant {
  const check = spec.check as unknown as Invariant['check'];
  return { kind: 'invariant', name, reads: spec.reads, check };
}
