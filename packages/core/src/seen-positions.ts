/** Log positions by service. */
export type Positions = Readonly<Record<string, number>>;

/** More services than these are not told; what is told must fit a header and a cookie. */
const mostServices = 8;

/**
 * How much of services' logs a caller has seen, by having written it or by having been told: what it reads next must not be
 * older. Shared by all copies of a call; what was written on the way is told with the answer.
 */
export class SeenPositions {
  readonly #seen: Map<string, number>;
  readonly #written = new Map<string, number>();

  constructor(seen: Positions = {}) {
    this.#seen = new Map(Object.entries(seen));
  }

  /** Takes note of what was written. */
  note(service: string, position: number): void {
    raise(this.#seen, service, position);
    raise(this.#written, service, position);
  }

  /** How much of a service's log must be in what is read; 0 when anything will do. */
  of(service: string): number {
    return this.#seen.get(service) ?? 0;
  }

  all(): Positions {
    return Object.fromEntries(this.#seen);
  }

  written(): Positions {
    return Object.fromEntries(this.#written);
  }
}

function raise(positions: Map<string, number>, service: string, position: number): void {
  const known = positions.get(service);
  if (known === undefined && positions.size >= mostServices) return;
  positions.set(service, Math.max(known ?? 0, position));
}

/**
 * The field `Dure-Position`; undefined when there is nothing to tell.
 *
 * @example
 * formatPositions({ order: 118, inventory: 42 }); // order:118, inventory:42
 */
export function formatPositions(positions: Positions): string | undefined {
  const members = Object.entries(positions).map(([service, position]) => `${service}:${position}`);
  return members.length === 0 ? undefined : members.join(', ');
}

const longestField = 1_024;
const member = /^([a-z][a-z0-9-]{0,62}):(\d{1,15})$/;

/** Reads the field; whatever is malformed is left out, never an error, and of one service the highest counts. */
export function parsePositions(field: string | readonly string[] | undefined): Positions {
  const text = typeof field === 'string' ? field : (field?.join(',') ?? '');
  const found = new Map<string, number>();
  if (text.length === 0 || text.length > longestField) return {};
  for (const part of text.split(',')) {
    const [, service, position] = member.exec(part.trim()) ?? [];
    if (service !== undefined) raise(found, service, Number(position));
  }
  return Object.fromEntries(found);
}

/** The highest of each service. */
export function highestPositions(one: Positions, other: Positions): Positions {
  const highest = new Map(Object.entries(one));
  for (const [service, position] of Object.entries(other)) raise(highest, service, position);
  return Object.fromEntries(highest);
}
