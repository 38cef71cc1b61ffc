/** The header fields of an answer: names and values in turn, names in any case. */
export type FieldList = readonly string[];

/** Every value of a field, in order; `name` is in lower case. */
export function valuesOf(fields: FieldList, name: string): readonly string[] {
  const values: string[] = [];
  for (let index = 0; index < fields.length; index += 2) {
    if (isNamed(fields[index], name)) values.push(fields[index + 1] ?? '');
  }
  return values;
}

/** The values of a field as one, as RFC 9110 §5.3 joins them; undefined when it is not there. */
export function joinedValue(fields: FieldList, name: string): string | undefined {
  const values = valuesOf(fields, name);
  return values.length < 2 ? values[0] : values.join(', ');
}

/** The fields whose names, in lower case, pass. */
export function fieldsWhere(fields: FieldList, passes: (lowerCaseName: string) => boolean): string[] {
  const passed: string[] = [];
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index] ?? '';
    if (passes(name.toLowerCase())) passed.push(name, fields[index + 1] ?? '');
  }
  return passed;
}

/** The names of the fields in lower case. */
export function fieldNames(fields: FieldList): ReadonlySet<string> {
  const names = new Set<string>();
  for (let index = 0; index < fields.length; index += 2) names.add((fields[index] ?? '').toLowerCase());
  return names;
}

function isNamed(candidate: string | undefined, name: string): boolean {
  return candidate?.length === name.length && (candidate === name || candidate.toLowerCase() === name);
}
