import type { HashTrie } from './hash-trie.ts';
import { valueUnder, withoutValue, withValue } from './hash-trie.ts';

interface Member {
  readonly id: string;
  readonly weight: number;
}

interface Group {
  readonly key: string;
  readonly seed: number;
  /** By id, so that the members keep their parts whatever the order in which they come. */
  readonly members: readonly Member[];
  readonly total: number;
}

/** Groups of routes that share their requests by weight. Immutable: a change is a new value. */
export class WeightGroups {
  /** Without any group. */
  static empty(): WeightGroups {
    return new WeightGroups(undefined);
  }

  readonly #groups: HashTrie<Group>;

  private constructor(groups: HashTrie<Group>) {
    this.#groups = groups;
  }

  get isEmpty(): boolean {
    return this.#groups === undefined;
  }

  /**
   * The member that takes a request, by a draw in [0, 1); undefined when no member has any weight. The same draw chooses
   * the same member as long as the group does not change, and independently in each group.
   */
  chosen(name: string, draw: number): string | undefined {
    const group = valueUnder(this.#groups, name);
    if (group === undefined || group.total === 0) return undefined;
    let left = spread(draw, group.seed) * group.total;
    for (const { id, weight } of group.members) {
      left -= weight;
      if (left < 0) return id;
    }
    return group.members.findLast(({ weight }) => weight > 0)?.id;
  }

  with(name: string, id: string, weight: number): WeightGroups {
    const members = [...this.#othersOf(name, id), { id, weight }].sort((one, other) => (one.id < other.id ? -1 : 1));
    return this.#replaced(name, members);
  }

  without(name: string, id: string): WeightGroups {
    return this.#replaced(name, this.#othersOf(name, id));
  }

  #othersOf(name: string, id: string): readonly Member[] {
    return valueUnder(this.#groups, name)?.members.filter((member) => member.id !== id) ?? [];
  }

  #replaced(name: string, members: readonly Member[]): WeightGroups {
    if (members.length === 0) return new WeightGroups(withoutValue(this.#groups, name));
    const total = members.reduce((sum, { weight }) => sum + weight, 0);
    return new WeightGroups(withValue(this.#groups, { key: name, seed: seedOf(name), members, total }));
  }
}

function seedOf(name: string): number {
  let seed = 0;
  for (let at = 0; at < name.length; at += 1) seed = (Math.imul(seed, 31) + name.charCodeAt(at)) | 0;
  return seed;
}

/** A draw of its own for each group out of the request's one, uniform as that is; the mixer is MurmurHash3's (Austin Appleby). */
function spread(draw: number, seed: number): number {
  let bits = (draw * 0x1_0000_0000) ^ seed;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return ((bits ^ (bits >>> 16)) >>> 0) / 0x1_0000_0000;
}
