import type { FieldError } from '@dure/core';
import type { ExplainedKey } from './explain-config.ts';

/** A value, and how it may be shown. */
export interface KeyValue {
  readonly value: unknown;
  readonly shown: unknown;
}

/** A section, read. */
export interface ReadPart {
  readonly name: string;
  readonly value: unknown;
  readonly problems: readonly FieldError[];
  explain(): readonly ExplainedKey[];
  /** Every key's value, given or the schema's default. */
  readonly keys: ReadonlyMap<string, KeyValue>;
}
