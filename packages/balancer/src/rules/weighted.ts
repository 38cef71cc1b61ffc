import type { Random } from '@dure/core';
import type { Candidate, Choose, Rule } from '../rule.ts';
import { candidateAt } from '../rule.ts';

/**
 * Each as often as its weight says (`metadata.weight`, 1 unless set), spread evenly: of weights 5 and 1 every sixth
 * call goes to the second. Weights may change while it runs.
 *
 * Earliest deadline first, as in Envoy (`edf_scheduler.h`): a pick costs O(log n).
 */
export function weighted(): Rule {
  return { name: 'weighted', open: ({ random }) => openWeighted(random) };
}

/** Who is next, and when, in virtual time: a step of 1/weight with each pick. */
interface Turn {
  readonly candidate: Candidate;
  dueAt: number;
}

function openWeighted(random: Random): Choose {
  let seen: readonly Candidate[] = [];
  let heap: Turn[] = [];
  let virtualNow = 0;
  const follow = (candidates: readonly Candidate[], nowMs: number): void => {
    const known = new Map(heap.map((turn) => [turn.candidate, turn]));
    heap = candidates.map(
      (candidate) =>
        known.get(candidate) ?? { candidate, dueAt: virtualNow + random.next() / candidate.shareAt(nowMs) },
    );
    for (let index = (heap.length >> 1) - 1; index >= 0; index -= 1) sink(heap, index);
    seen = candidates;
  };
  const take = (turn: Turn, nowMs: number): Candidate => {
    virtualNow = Math.max(virtualNow, turn.dueAt);
    turn.dueAt = virtualNow + 1 / turn.candidate.shareAt(nowMs);
    return turn.candidate;
  };
  return (candidates, tried, nowMs) => {
    if (candidates !== seen) follow(candidates, nowMs);
    const [first] = heap;
    if (first === undefined) return candidateAt(candidates, 0);
    if (tried.length > 0) return takeUntried(heap, tried, (turn) => take(turn, nowMs)) ?? first.candidate;
    const chosen = take(first, nowMs);
    sink(heap, 0);
    return chosen;
  };
}

/** Passes over those tried, which keep their turn. Undefined when all were tried. */
function takeUntried(heap: Turn[], tried: readonly string[], take: (turn: Turn) => Candidate): Candidate | undefined {
  const passed: Turn[] = [];
  let chosen: Candidate | undefined;
  while (chosen === undefined && heap.length > 0) {
    const turn = removeFirst(heap);
    if (!tried.includes(turn.candidate.instance.id)) chosen = take(turn);
    passed.push(turn);
  }
  for (const turn of passed) insert(heap, turn);
  return chosen;
}

function removeFirst(heap: Turn[]): Turn {
  const [first] = heap;
  const last = heap.pop() as Turn;
  if (heap.length === 0) return last;
  heap[0] = last;
  sink(heap, 0);
  return first as Turn;
}

function insert(heap: Turn[], turn: Turn): void {
  heap.push(turn);
  let index = heap.length - 1;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    if ((heap[parent] as Turn).dueAt <= turn.dueAt) break;
    heap[index] = heap[parent] as Turn;
    index = parent;
  }
  heap[index] = turn;
}

/** Restores the heap below an index whose turn has moved later. */
function sink(heap: Turn[], from: number): void {
  const turn = heap[from] as Turn;
  let index = from;
  for (;;) {
    let child = 2 * index + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && (heap[child + 1] as Turn).dueAt < (heap[child] as Turn).dueAt) child += 1;
    if ((heap[child] as Turn).dueAt >= turn.dueAt) break;
    heap[index] = heap[child] as Turn;
    index = child;
  }
  heap[index] = turn;
}
