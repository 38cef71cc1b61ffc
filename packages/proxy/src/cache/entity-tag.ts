/** Whether two entity tags are the same by the weak comparison (RFC 9110 §8.8.3.2). */
export function isSameTag(one: string, other: string): boolean {
  return opaque(one) === opaque(other);
}

/** Whether two are the same by the strong comparison. */
export function isSameStrongTag(one: string, other: string): boolean {
  return one === other && !one.startsWith('W/') && one.startsWith('"');
}

/** Whether `If-None-Match` names a tag; `*` names any. */
export function namesTag(ifNoneMatch: string, tag: string | undefined): boolean {
  if (ifNoneMatch.trim() === '*') return true;
  if (tag === undefined) return false;
  const wanted = opaque(tag);
  return (ifNoneMatch.match(/(?:W\/)?"[^"]*"/g) ?? []).some((one) => opaque(one) === wanted);
}

function opaque(tag: string): string {
  return tag.startsWith('W/') ? tag.slice(2) : tag;
}
