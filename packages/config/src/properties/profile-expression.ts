/**
 * Whether a profile expression holds: `a & !b`, `a | b`, parentheses. An expression that cannot be read never holds.
 *
 * After `ProfilesParser` of spring-projects/spring-framework, which also refuses to mix `&` and `|` without parentheses.
 */
export function profileMatches(expression: string, profiles: ReadonlySet<string>): boolean {
  const tokens = expression.match(/[()&|!]|[^()&|!\s]+/g) ?? [];
  let at = 0;
  const either = (): boolean | undefined => {
    let value = unary();
    let operator: string | undefined;
    while (tokens[at] === '&' || tokens[at] === '|') {
      const next = tokens[at];
      if (operator !== undefined && operator !== next) return undefined;
      operator = next;
      at += 1;
      const right = unary();
      if (value === undefined || right === undefined) return undefined;
      value = operator === '&' ? value && right : value || right;
    }
    return value;
  };
  const unary = (): boolean | undefined => {
    const token = tokens[at];
    at += 1;
    if (token === '!') {
      const value = unary();
      return value === undefined ? undefined : !value;
    }
    if (token === '(') {
      const value = either();
      at += 1;
      return tokens[at - 1] === ')' ? value : undefined;
    }
    return token === undefined || /^[)&|]$/.test(token) ? undefined : profiles.has(token);
  };
  const value = either();
  return at === tokens.length && value === true;
}
