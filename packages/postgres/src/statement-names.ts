/** Names for statements that come again and again, so that each session parses and plans them once. */
export type StatementNames = (text: string) => string | undefined;

/** A plan costs memory in every session, so there are not more than this many. */
const mostNames = 200;
/** How many texts are remembered that were seen once; a text gets its name the second time. */
const mostSeen = 1_000;

/** Gives the texts that come more than once a name each, until there are enough. */
export function statementNames(): StatementNames {
  const names = new Map<string, string>();
  const seen = new Set<string>();
  return (text) => {
    const known = names.get(text);
    if (known !== undefined || names.size >= mostNames) return known;
    if (!seen.delete(text)) {
      if (seen.size >= mostSeen) seen.clear();
      seen.add(text);
      return undefined;
    }
    const name = `q${names.size}`;
    names.set(text, name);
    return name;
  };
}
