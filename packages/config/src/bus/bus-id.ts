/** What a bus id is made of. */
export interface BusIdParts {
  readonly application: string;
  /** Several stand in one segment, joined by commas. */
  readonly profiles: readonly string[];
  /** Spring's `spring.application.index`: the port, unless somebody numbers the instances. */
  readonly index: number | string;
  /** Anything that no other instance has. */
  readonly unique: string;
}

/** The address of an instance on the bus, as Spring Cloud Bus builds it: `order:prod:8081:5d7c2f0e…`. */
export function busId({ application, profiles, index, unique }: BusIdParts): string {
  const segment = (text: string) => text.replaceAll(':', '-');
  const own = profiles.length === 0 ? [] : [profiles.map(segment).join(',')];
  return [segment(application), ...own, String(index), segment(unique)].join(':');
}
