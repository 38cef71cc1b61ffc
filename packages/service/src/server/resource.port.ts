/**
 * Something a service needs that the host opens for it, such as its database. The value only describes it and
 * carries the types; `Tx` is what a transaction on it is called.
 */
export interface Resource<Db = unknown, Tx = unknown> {
  /** Which adapter opens it: `postgres`. */
  readonly kind: string;
  readonly types?: { readonly db: Db; readonly tx: Tx };
}
