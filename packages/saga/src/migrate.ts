import { check } from '@dure/core';
import type { SagaChange } from './change.ts';
import type { SagaInstance, StepRecord } from './instance.ts';
import { isUnderWay, stateOf } from './instance.ts';
import { move } from './move.ts';
import { labelsOf, placeOf } from './nodes.ts';
import type { Operator } from './operate.ts';
import type { AnySaga, SagaNode } from './saga.ts';
import { inWords, Turn } from './turn.ts';

/** Two versions of a saga: the one that an instance runs by, if it is listed yet, and the one that takes it over. */
export interface Versions {
  readonly from: AnySaga | undefined;
  readonly to: AnySaga;
}

/**
 * Moves a running instance to a later version. Where it stands follows from the names of its records, so it goes on with whatever of
 * the new definition has no record yet. Names stay: by them the participants know what they have done, and what they are to take back.
 */
export function migrate(versions: Versions, instance: SagaInstance, now: number, { by, why }: Operator): SagaChange {
  const { to } = versions;
  const { version } = instance;
  const input = inputBy(to, instance);
  const turn = new Turn(to, { ...instance, version: to.version, shape: to.shape, input: input.value }, now);
  const reasons = [whyNot(instance), input.refused, ...instance.steps.map((record) => strange(versions, record))];
  turn.refused = reasons.find((reason) => reason !== undefined);
  if (turn.refused !== undefined) return turn.change();
  turn.note({ what: 'migrated', detail: `${by}: ${why} (version ${version} to ${to.version})` });
  if (instance.status === 'open') move(turn);
  return { ...turn.change(), migrated: true };
}

function whyNot(instance: SagaInstance): string | undefined {
  return instance.status === 'finished' ? `it is ${stateOf(instance)}` : undefined;
}

function inputBy(
  to: AnySaga,
  { version, input, key: before }: SagaInstance,
): { readonly value: unknown; readonly refused?: string } {
  const read = check(to.input, to.migrates[version]?.(input as never), 'input');
  if (!read.ok)
    return { value: undefined, refused: `its input does not fit version ${to.version}: ${inWords(read.errors)}` };
  const key = to.key(read.value as never);
  if (key === before) return { value: read.value };
  return {
    value: undefined,
    refused: `by version ${to.version} its key would be "${key}"; a running saga keeps its key`,
  };
}

/** Why a record means nothing in the new definition, or its answer would not. */
function strange({ from, to }: Versions, record: StepRecord): string | undefined {
  const { step } = record;
  const place = placeOf(to.nodes, step);
  if (record.state === 'decided' && to.decider !== undefined) return undefined;
  if (record.state === 'chosen' ? !isChoice(to.nodes, step) : place === undefined) {
    return `version ${to.version} has no step "${step}", which it has begun; a step keeps its name`;
  }
  if (!isUnderWay(record)) return undefined;
  const before = from && placeOf(from.nodes, step);
  if (before === undefined) return `${step} is under way, and the version it runs by is not listed to compare it with`;
  if (place !== undefined && labelsOf(before.leaf) === labelsOf(place.leaf)) return undefined;
  return `${step} is under way, and is something else in version ${to.version}; wait for it, or skip it`;
}

function isChoice(nodes: readonly SagaNode[], name: string): boolean {
  return nodes.some((node) => {
    if (node.node === 'each' || node.node === 'repeated') return node.name === name;
    return node.node === 'when' && (node.name === name || isChoice([...node.yes, ...node.no], name));
  });
}
