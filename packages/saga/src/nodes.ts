import type { SagaInstance } from './instance.ts';
import { resultsOf } from './instance.ts';
import type { ItemContext, SagaLeaf, SagaNode, StepContext } from './saga.ts';

/** What a record of an instance is about. */
export interface Place {
  readonly leaf: SagaLeaf;
  /** The group that it belongs to, if any: what is in one is undone together. */
  readonly group: string | undefined;
  /** Which item it is for: of a fan-out, or of what is repeated. */
  readonly index: number | undefined;
}

/** Finds what a record is about: `reserve`, `hold.stock` for a branch, `notify.0` for an item. */
export function placeOf(nodes: readonly SagaNode[], path: string): Place | undefined {
  const [group, member] = path.split('.', 2);
  for (const node of nodes) {
    if (node.node === 'when') {
      const found = placeOf(node.yes, path) ?? placeOf(node.no, path);
      if (found !== undefined) return found;
    } else if (node.name !== group) continue;
    else if (node.node === 'parallel') {
      const leaf = node.branches.find(({ name }) => name === member);
      return leaf && { leaf, group, index: undefined };
    } else if (node.node === 'each' || node.node === 'repeated') {
      const together = node.node === 'each' ? group : undefined;
      return member === undefined ? undefined : { leaf: node.step, group: together, index: Number(member) };
    } else return member === undefined ? { leaf: node, group: undefined, index: undefined } : undefined;
  }
  return undefined;
}

/** What the step of a record knows: with `item` and `index` where it is one of several. */
export function contextAt(nodes: readonly SagaNode[], instance: SagaInstance, path: string): StepContext | ItemContext {
  const { id, input, steps } = instance;
  const context = { id, input, done: resultsOf(instance) };
  const index = placeOf(nodes, path)?.index;
  const [name] = path.split('.', 1);
  const chosen = index === undefined ? undefined : steps.find(({ step }) => step === name);
  if (index === undefined || chosen === undefined || !('items' in chosen)) return context;
  return { ...context, item: chosen.items[index], index };
}

/** Every leaf of a definition with the path of its record; one that has several has an asterisk for their numbers. */
export function leavesOf(nodes: readonly SagaNode[]): readonly { readonly path: string; readonly leaf: SagaLeaf }[] {
  return nodes.flatMap((node) => {
    if (node.node === 'when') return [...leavesOf(node.yes), ...leavesOf(node.no)];
    if (node.node === 'each' || node.node === 'repeated') return [{ path: `${node.name}.*`, leaf: node.step }];
    if (node.node === 'parallel') return node.branches.map((leaf) => ({ path: `${node.name}.${leaf.name}`, leaf }));
    return [{ path: node.name, leaf: node }];
  });
}

/** The names that a definition's records may have at its top and in its branches, each once if it is sound. */
export function namesOf(nodes: readonly SagaNode[]): readonly string[] {
  return nodes.flatMap((node) =>
    node.node === 'when' ? [node.name, ...namesOf(node.yes), ...namesOf(node.no)] : [node.name],
  );
}

/** Names, kinds and commands: what an instance is pinned to, and nothing that may change while it runs. */
export function shapeOf(nodes: readonly SagaNode[]): string {
  return nodes.map(nodeShape).join(' ');
}

function nodeShape(node: SagaNode): string {
  switch (node.node) {
    case 'parallel':
      return `${node.name}(${shapeOf(node.branches)})`;
    case 'each':
      return `${node.name}*${node.join}(${shapeOf([node.step])})`;
    case 'repeated':
      return `${node.name}+(${shapeOf([node.step])})`;
    case 'when':
      return `${node.name}?(${shapeOf(node.yes)}|${shapeOf(node.no)})`;
    default:
      return leafShape(node);
  }
}

function leafShape(leaf: SagaLeaf): string {
  const { name, kind } = leaf;
  switch (leaf.node) {
    case 'command': {
      const { undo, status } = leaf;
      return `${name}:${kind}:${label(leaf.do)}${undo === undefined ? '' : `/${label(undo)}`}${status === undefined ? '' : `?${label(status)}`}`;
    }
    case 'local':
      return `${name}:${kind}:local${leaf.undo === undefined ? '' : '/local'}`;
    case 'wait':
      return `${name}:${kind}:wait${leaf.event === undefined ? '' : ` for ${leaf.event.name}`}`;
    case 'sub':
      return `${name}:${kind}:saga ${leaf.saga.name}${leaf.undo === undefined ? '' : `/${label(leaf.undo)}`}`;
    default:
      return leaf satisfies never;
  }
}

/** The commands of a leaf, or what else it is: what answers to it are about. */
export function labelsOf(leaf: SagaLeaf): string {
  return leafShape({ ...leaf, name: '', kind: 'retriable' });
}

function label({ command }: { readonly command: { readonly service: string; readonly name: string } }): string {
  return `${command.service}.${command.name}`;
}
