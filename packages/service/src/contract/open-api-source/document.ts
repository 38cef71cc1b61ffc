/** A JSON object whose shape nobody has checked. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Something in a document that a contract cannot say, and where it stands. */
export interface DocumentProblem {
  /** JSON Pointer (RFC 6901): `#/paths/~1pets/get`. */
  readonly pointer: string;
  readonly reason: string;
}

/** A place in a document: a value and the pointer to it. */
export interface Place {
  readonly value: unknown;
  readonly pointer: string;
}

/** A document on its way to becoming a contract; what does not fit is noted, and the rest goes on. */
export interface Document {
  readonly root: JsonObject;
  readonly problems: DocumentProblem[];
}

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A member's place. */
export function at({ value, pointer }: Place, key: string): Place {
  const member = isObject(value) || Array.isArray(value) ? (value as JsonObject)[key] : undefined;
  return { value: member, pointer: `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}` };
}

/** The members of an object, each with its place. */
export function membersOf(place: Place): readonly (readonly [string, Place])[] {
  return isObject(place.value) ? Object.keys(place.value).map((key) => [key, at(place, key)] as const) : [];
}

/** The items of a list, each with its place. */
export function itemsOf(place: Place): readonly Place[] {
  return Array.isArray(place.value) ? place.value.map((_, index) => at(place, String(index))) : [];
}

/** Notes what does not fit. */
export function refuse(document: Document, { pointer }: Place, reason: string): void {
  document.problems.push({ pointer, reason });
}

/** Where a `$ref` leads, and where that one leads; the place itself when it is none. */
export function resolved(document: Document, place: Place): Place {
  let here = place;
  for (let steps = 0; isObject(here.value) && typeof here.value.$ref === 'string'; steps += 1) {
    const reference = here.value.$ref;
    if (!reference.startsWith('#/') || steps > 20) {
      refuse(document, here, `"${reference}" does not lead to a place in this document`);
      return { value: undefined, pointer: here.pointer };
    }
    const keys = reference.slice(2).split('/');
    here = keys.reduce<Place>((place, key) => at(place, unescaped(key)), { value: document.root, pointer: '#' });
    if (here.value === undefined) refuse(document, place, `"${reference}" leads nowhere`);
  }
  return here;
}

function unescaped(key: string): string {
  const text = key.replaceAll('~1', '/').replaceAll('~0', '~');
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
