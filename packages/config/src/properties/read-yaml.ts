import type { Document, ScalarTag, Tags } from 'yaml';
import { isNode, LineCounter, parseAllDocuments } from 'yaml';
import { configErrors } from '../errors.ts';
import { flatten } from './flatten.ts';
import type { Property, PropertyDocument } from './property.ts';

/** YAML 1.1 as Spring's SnakeYAML reads it, but dates stay text. */
const options = {
  version: '1.1',
  schema: 'yaml-1.1',
  intAsBigInt: true,
  uniqueKeys: true,
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
  if (error !== undefined) throw invalid(file, lines, error.pos[0], error.message, error);
  let tree: unknown;
  try {
    tree = document.toJS({ mapAsMap: true, maxAliasCount: 100 });
  } catch (cause) {
    throw invalid(file, lines, 0, cause instanceof Error ? cause.message : String(cause), cause);
  }
  const properties = new Map<string, Property>();
  if (tree === null || tree === undefined) return { properties };
  flatten(tree, (key, value, path) => {
    const node = document.getIn(path, true);
    const start = isNode(node) ? node.range?.[0] : undefined;
    properties.set(key, start === undefined ? { value, place: file } : { value, place: placeOf(file, lines, start) });
  });
  return { properties };
}

function invalid(file: string, lines: LineCounter, position: number, message: string, cause: unknown): Error {
  const place = placeOf(file, lines, position);
  return configErrors.FILE_INVALID(`${place}: ${message}`, { cause, details: { place } });
}

function placeOf(file: string, lines: LineCounter, position: number): string {
  const { line, col } = lines.linePos(position);
  return `${file}:${line}:${col}`;
}
