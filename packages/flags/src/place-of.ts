/** FNV-1a, so that a flag's name is hashed once. */
function mixed(hash: number, text: string): number {
  let next = hash;
  for (let index = 0; index < text.length; index += 1) next = Math.imul(next ^ text.charCodeAt(index), 0x01000193);
  return next;
}

/** Where a flag's places begin. */
export function placesOf(flag: string): number {
  return mixed(0x811c9dc5, `${flag}\n`);
}

/**
 * The place of a user among all others, from 0 to 100, the same in every process and for ever. Each flag shuffles anew, so
 * that not always the same users come first. FNV-1a with the finaliser of MurmurHash3.
 */
export function placeOf(places: number, key: string): number {
  let hash = mixed(places, key);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  hash ^= hash >>> 16;
  return ((hash >>> 0) / 2 ** 32) * 100;
}
