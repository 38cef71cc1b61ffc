import { parseTraceparent } from '@dure/core';
import type { AnySaga, SagaHistoryEntry, SagaInstance, SagaLeaf, StepRecord } from '@dure/saga';
import { dueAt, isPinnedTo, leavesOf, stateOf } from '@dure/saga';
import { namesToMask, withMasks } from './masked-values.ts';

/** What operators see of a service's sagas: everything but the values of fields that must not be seen. */
export interface SagaView {
  inShort(instance: SagaInstance): object;
  whole(instance: SagaInstance, history: readonly SagaHistoryEntry[]): object;
}

/**
 * Shows instances of these definitions. Where a field is sensitive in one place its name is masked in all, for the input of a
 * saga becomes the data of its commands, and their answers its results.
 */
export function sagaView(definitions: readonly AnySaga[]): SagaView {
  const names = sensitiveNames(definitions);
  const masked = (value: unknown): unknown => withMasks(value, names);
  const inShort = (instance: SagaInstance) => {
    const { id, saga, version, key, problem, startedAt, finishedAt, parent, traceparent } = instance;
    const traceId = parseTraceparent(traceparent)?.traceId;
    return { id, saga, version, key, state: stateOf(instance), startedAt, finishedAt, problem, parent, traceId };
  };
  return {
    inShort,
    whole(instance, history) {
      const { input, steps, why, deadlineAt, pausedAt } = instance;
      const definition = definitions.find((one) => isPinnedTo(instance, one));
      return {
        ...inShort(instance),
        deadlineAt,
        dueAt: dueAt(instance),
        pausedAt,
        why: why?.reason === 'refused' ? { ...why, data: masked(why.data) } : why,
        input: masked(input),
        steps: steps.map((record) => maskedRecord(record, masked)),
        plan: definition === undefined ? [] : planOf(definition),
        history,
      };
    },
  };
}

/** The engine's own fields are shown as they are, whatever fields of the data are called. */
function maskedRecord(record: StepRecord, masked: (value: unknown) => unknown): object {
  const ofTheData = ['result', 'data', 'refusal', 'items'];
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [name, ofTheData.includes(name) ? masked(value) : value]),
  );
}

/** The steps that a definition has, by the names of their records; those of a fan-out have `*` for the number. */
function planOf({ nodes }: AnySaga) {
  return leavesOf(nodes).map(({ path, leaf }) => ({ step: path, kind: leaf.kind, ...whatItDoes(leaf) }));
}

function whatItDoes(leaf: SagaLeaf): { readonly node: SagaLeaf['node']; readonly does?: string } {
  const { node } = leaf;
  switch (node) {
    case 'command':
      return { node, does: `${leaf.do.command.service}.${leaf.do.command.name}` };
    case 'wait':
      return leaf.event === undefined ? { node } : { node, does: leaf.event.name };
    case 'sub':
      return { node, does: leaf.saga.name };
    case 'local':
      return { node };
    default:
      return leaf satisfies never;
  }
}

/** Of the commands that sagas send, of the events that they wait for, and of what they begin with. */
export function sensitiveNames(definitions: readonly AnySaga[]): ReadonlySet<string> {
  const commands = definitions.flatMap(({ sends }) => sends);
  const schemas = definitions.flatMap(({ input, waits }) => [input, ...waits.map(({ schema }) => schema)]);
  return new Set([...definitions.flatMap(({ sensitive }) => sensitive), ...namesToMask(commands, schemas)]);
}
