import { matchedPath } from '../routing/path-pattern.ts';
import { fieldText } from './filter-setting.ts';

/** The names of the variables in a template, in the type: `'id' | 'tenant'` of `/{tenant}/{id}`. */
export type VariablesOf<Text extends string> = string extends Text
  ? string
  : Text extends `${string}{${infer Name}}${infer Rest}`
    ? Name | VariablesOf<Rest>
    : never;

/** A text with places for the variables of a route's path and host. */
export interface VariableTemplate<Name extends string> {
  readonly variables: readonly Name[];
  /** The text with the values, each as it may stand there; a missing one is empty. */
  expand(values: Readonly<Record<string, string>>): string;
}

const place = /\{([A-Za-z_$][\w$-]*)\}/;

function template<Text extends string>(
  text: string,
  encode: (value: string) => string,
): VariableTemplate<VariablesOf<Text>> {
  const parts = text.split(place);
  const variables = parts.filter((_, at) => at % 2 === 1) as VariablesOf<Text>[];
  if (variables.length === 0) return { variables, expand: () => text };
  const part = (values: Readonly<Record<string, string>>, name: string) =>
    Object.hasOwn(values, name) ? encode(values[name] ?? '') : '';
  return {
    variables,
    expand: (values) => parts.map((text, at) => (at % 2 === 0 ? text : part(values, text))).join(''),
  };
}

/** The value of a header field; what no field may hold is percent-encoded where a variable holds it. GATEWAY_ROUTE_INVALID. */
export function fieldTemplate<Text extends string>(filter: string, text: Text): VariableTemplate<VariablesOf<Text>> {
  return template<Text>(fieldText(filter, text), (value) => value.replace(/[^\x20-\x7e]/gu, encodeURIComponent));
}

/** A path; slashes inside a variable stay, as in `{*rest}`. */
export function pathTemplate<Text extends string>(text: Text): VariableTemplate<VariablesOf<Text>> {
  return template<Text>(text, (value) => matchedPath(value.split('/').map(encodeURIComponent).join('/')));
}

/** A part of a query. */
export function queryTemplate<Text extends string>(text: Text): VariableTemplate<VariablesOf<Text>> {
  return template<Text>(text, encodeURIComponent);
}
