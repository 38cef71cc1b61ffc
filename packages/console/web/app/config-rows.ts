import type { ConfigKeyView, ServiceConfigView } from '../../src/config-contract.ts';

/** A key as the table shows it. */
export interface ConfigRow {
  readonly key: string;
  /** Undefined where only the other environment has it. */
  readonly own: ConfigKeyView | undefined;
  readonly other: ConfigKeyView | undefined;
  readonly isDifferent: boolean;
}

/** The keys of a service, each with what the other environment makes of it; those that fit the filters. */
export function configRows(
  { keys, against }: Pick<ServiceConfigView, 'keys' | 'against'>,
  { text, onlyDifferent }: { readonly text: string | undefined; readonly onlyDifferent: boolean },
): readonly ConfigRow[] {
  const own = new Map(keys.map((key) => [key.key, key]));
  const others = new Map((against?.keys ?? []).map((key) => [key.key, key]));
  const isCompared = against !== undefined && against.problem === undefined;
  const wanted = text?.toLowerCase();
  return [...new Set([...own.keys(), ...others.keys()])]
    .sort()
    .map((key): ConfigRow => {
      const [left, right] = [own.get(key), others.get(key)];
      return { key, own: left, other: right, isDifferent: isCompared && shown(left) !== shown(right) };
    })
    .filter(
      (row) =>
        wanted === undefined || `${row.key} ${shown(row.own)} ${shown(row.other)}`.toLowerCase().includes(wanted),
    )
    .filter((row) => !onlyDifferent || row.isDifferent);
}

/** A value as it would stand in a file. */
export function shown(key: { readonly value?: unknown } | undefined): string {
  if (key === undefined) return '';
  return typeof key.value === 'string' ? key.value : JSON.stringify(key.value ?? null);
}
