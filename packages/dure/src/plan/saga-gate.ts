import type { OpenSagas } from '@dure/saga';
import type { Definitions } from '../load-system.ts';

/** What runs somewhere: unfinished sagas by definition, by service; `dure sagas counts` prints it. */
export interface SagaCounts {
  readonly sagas: Readonly<Record<string, readonly OpenSagas[]>>;
}

/** Unfinished sagas that this build could not carry on, one line each. */
export function strandedSagas({ sagas }: SagaCounts, definitions: Definitions): readonly string[] {
  return Object.entries(sagas).flatMap(([service, open]) =>
    open
      .filter((one) => one.count > 0 && !isListed(one, service, definitions))
      .map(
        ({ saga, version, count, shape }) =>
          `${count} unfinished "${saga}" of ${service} run by version ${version}, which this build does not list with the same steps; keep it under \`sagas\` until they have ended (${shape})`,
      ),
  );
}

function isListed({ saga, version, shape }: OpenSagas, service: string, definitions: Definitions): boolean {
  const listed = definitions[service]?.sagas ?? [];
  return listed.some((one) => one.name === saga && one.version === version && one.shape === shape);
}

/** Reads what `dure sagas counts` has printed; undefined when it is something else. */
export function readSagaCounts(text: string): SagaCounts | undefined {
  try {
    const read: unknown = JSON.parse(text);
    const { sagas } = (typeof read === 'object' && read !== null ? read : {}) as { readonly sagas?: unknown };
    if (typeof sagas !== 'object' || sagas === null || !Object.values(sagas).every(Array.isArray)) return undefined;
    return read as SagaCounts;
  } catch {
    return undefined;
  }
}
