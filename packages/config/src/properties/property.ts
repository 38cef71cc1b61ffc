/** What a key can hold once everything nested has become keys. */
export type Scalar = string | number | boolean;

/** A value and where it was written. */
export interface Property {
  readonly value: Scalar;
  /** `order.yml:3:9`; absent where the source does not say. */
  readonly place?: string;
  /** Whether it was decrypted on its way here: it is not shown, whatever the schema says. */
  readonly isSecret?: boolean;
  /** Why a value is still encrypted. */
  readonly whyEncrypted?: string;
}

/** Flat keys, `a.b` and `list[0].c`, in the order in which they were written. */
export type Properties = ReadonlyMap<string, Property>;

/** One document of a file. */
export interface PropertyDocument {
  readonly properties: Properties;
}

/** Where the properties of a file come from, highest precedence first. */
export interface PropertySource {
  /** The file's path below the configuration folder. */
  readonly file: string;
  /** From 0, where the file has several documents. */
  readonly document: number | undefined;
  /** What Spring's Environment calls it, where that is not `file:` and the path. It must keep `-<profile>`. */
  readonly name?: string | undefined;
  readonly properties: Properties;
}
