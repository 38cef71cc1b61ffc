import { messageOf } from '@dure/core';
import type { Document, Node, ScalarTag, Tags } from 'yaml';
import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseAllDocuments, visit } from 'yaml';
import { configErrors } from '../errors.ts';
import { flatten } from './flatten.ts';
import type { Property, PropertyDocument } from './property.ts';

/** YAML 1.1 as Spring's SnakeYAML reads it, but dates stay text. */
const options = {
  version: '1.1',
  schema: 'yaml-1.1',
  intAsBigInt: true,
  uniqueKeys: false, // looked for below: the library compares each key with all before it
  customTags: (tags: Tags) =>
    tags.flatMap((tag): Tags => {
      if (typeof tag === 'string') return [tag];
      if (/:(timestamp|binary|omap|pairs|set)$/.test(tag.tag)) return [];
      return [tag.tag.endsWith(':bool') ? withoutLetters(tag as ScalarTag) : tag];
    }),
} as const;

/** SnakeYAML takes `yes` and `on` for booleans, but not the letters `y` and `n`. */
function withoutLetters(tag: ScalarTag): ScalarTag {
  const isTrue = tag.test?.test('yes') === true;
  const test = isTrue ? /^(?:[Yy]es|YES|[Tt]rue|TRUE|[Oo]n|ON)$/ : /^(?:[Nn]o|NO|[Ff]alse|FALSE|[Oo]ff|OFF)$/;
  return { ...tag, test };
}

/** Reads every document of a YAML file. CONFIG_FILE_INVALID names file, line and column. */
export function readYaml(text: string, file: string): readonly PropertyDocument[] {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { ...options, lineCounter: lines, prettyErrors: false });
  if (!Array.isArray(documents)) return [];
  return documents.map((document) => readDocument(document as Document, file, lines));
}

function readDocument(document: Document, file: string, lines: LineCounter): PropertyDocument {
  const [error] = document.errors;
  if (error !== undefined) throw invalid(file, lines, error.pos[0], error.message);
  demandUniqueKeys(document, file, lines);
  let tree: unknown;
  try {
    tree = document.toJS({ mapAsMap: true, maxAliasCount: 100 });
  } catch (cause) {
    throw invalid(file, lines, 0, messageOf(cause));
  }
  const properties = new Map<string, Property>();
  if (tree === null || tree === undefined) return { properties };
  const nodeAt = nodeFinder(document);
  flatten(tree, (key, value, path) => {
    const start = nodeAt(path)?.range?.[0];
    properties.set(key, start === undefined ? { value, place: file } : { value, place: placeOf(file, lines, start) });
  });
  return { properties };
}

function demandUniqueKeys(document: Document, file: string, lines: LineCounter): void {
  visit(document, {
    Map(_, { items }) {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key) || key.value === '<<') continue;
        if (seen.has(key.value)) throw invalid(file, lines, key.range?.[0] ?? 0, 'Map keys must be unique');
        seen.add(key.value);
      }
    },
  });
}

/** Finds what stands at a path in time that does not grow with the document, unlike `document.getIn`. */
function nodeFinder(document: Document): (path: readonly unknown[]) => Node | undefined {
  const values = new Map<Node, ReadonlyMap<unknown, unknown>>();
  const below = (node: Node | undefined, step: unknown): unknown => {
    if (isSeq(node)) return typeof step === 'number' ? node.items[step] : undefined;
    if (!isMap(node)) return undefined;
    const known =
      values.get(node) ?? new Map(node.items.map(({ key, value }) => [isScalar(key) ? key.value : key, value]));
    values.set(node, known);
    return known.get(step);
  };
  const followed = (node: unknown): Node | undefined => {
    const found = isAlias(node) ? node.resolve(document) : node;
    return isNode(found) ? found : undefined;
  };
  return (path) => {
    const found = path.reduce<unknown>((node, step) => below(followed(node), step), document.contents);
    return isNode(found) ? found : undefined;
  };
}

function invalid(file: string, lines: LineCounter, position: number, message: string): Error {
  const place = placeOf(file, lines, position);
  return configErrors.FILE_INVALID(`${place}: ${withoutText(message)}`, { details: { place } });
}

/** What the parser quotes from the file, after a colon, may be a secret; so may its cause: a password that begins with `*` is an alias. */
function withoutText(message: string): string {
  return message.replace(/(?<=[\w)]): .*$/s, '').replaceAll(/!\S+/g, '!…');
}

function placeOf(file: string, lines: LineCounter, position: number): string {
  const { line, col } = lines.linePos(position);
  return `${file}:${line}:${col}`;
}
