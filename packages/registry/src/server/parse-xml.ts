/** An element: its attributes, its text, its children. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly text: string;
  readonly children: readonly XmlElement[];
}

interface Open {
  readonly name: string;
  readonly attributes: Record<string, string>;
  text: string;
  readonly children: XmlElement[];
}

const deepest = 16;
const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const name = /[A-Za-z_:][\w:.$-]*/y;
const attribute = /\s+([A-Za-z_:][\w:.$-]*)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/y;

/**
 * Reads the XML that Eureka's clients send: elements, attributes, text, CDATA, the five entities and character
 * references. Undefined when it is not well-formed, nests deeper than 16, or has a document type, whose entities are
 * an old way into a parser.
 */
export function parseXml(source: string): XmlElement | undefined {
  const root: Open = { name: '', attributes: {}, text: '', children: [] };
  const open: Open[] = [root];
  let at = source.startsWith('\u{feff}') ? 1 : 0;
  while (at < source.length) {
    const current = open.at(-1) ?? root;
    const next = source[at] === '<' ? markup(source, at, current) : text(source, at, current);
    if (next === undefined) return undefined;
    if (next.opened !== undefined) open.push(next.opened);
    if (open.length > deepest) return undefined;
    if (next.closed) {
      const closed = open.pop();
      if (closed === undefined || closed === root) return undefined;
      open.at(-1)?.children.push(closed);
    }
    at = next.at;
  }
  return open.length === 1 && root.children.length === 1 && root.text.trim() === '' ? root.children[0] : undefined;
}

interface Step {
  readonly at: number;
  readonly opened?: Open;
  readonly closed?: boolean;
}

function text(source: string, at: number, current: Open): Step | undefined {
  const end = source.indexOf('<', at);
  const until = end < 0 ? source.length : end;
  const decoded = decode(source.slice(at, until));
  if (decoded === undefined) return undefined;
  current.text += decoded;
  return { at: until };
}

function markup(source: string, at: number, current: Open): Step | undefined {
  if (source.startsWith('<!--', at)) return past(source, '-->', at + 4);
  if (source.startsWith('<?', at)) return past(source, '?>', at + 2);
  if (source.startsWith('<![CDATA[', at)) {
    const end = source.indexOf(']]>', at);
    if (end < 0) return undefined;
    current.text += source.slice(at + 9, end);
    return { at: end + 3 };
  }
  if (source.startsWith('</', at)) {
    const end = source.indexOf('>', at);
    return end >= 0 && source.slice(at + 2, end).trimEnd() === current.name ? { at: end + 1, closed: true } : undefined;
  }
  return element(source, at + 1);
}

function past(source: string, mark: string, from: number): Step | undefined {
  const end = source.indexOf(mark, from);
  return end < 0 ? undefined : { at: end + mark.length };
}

function element(source: string, from: number): Step | undefined {
  name.lastIndex = from;
  const [called] = name.exec(source) ?? [];
  if (called === undefined) return undefined;
  let at = from + called.length;
  const attributes: Record<string, string> = Object.create(null);
  for (;;) {
    attribute.lastIndex = at;
    const match = attribute.exec(source);
    if (match === null) break;
    const [whole, key = '', double, single] = match;
    const value = decode(double ?? single ?? '');
    if (value === undefined || key in attributes) return undefined;
    attributes[key] = value;
    at += whole.length;
  }
  while (/\s/.test(source[at] ?? '')) at += 1;
  const opened: Open = { name: called, attributes, text: '', children: [] };
  if (source.startsWith('/>', at)) return { at: at + 2, opened, closed: true };
  return source[at] === '>' ? { at: at + 1, opened } : undefined;
}

function decode(raw: string): string | undefined {
  let isSound = true;
  const decoded = raw.replace(/&(?:#(\d{1,7})|#x([\da-fA-F]{1,6})|(\w{1,8}));|&/g, (_, decimal, hex, named) => {
    const code = decimal !== undefined ? Number(decimal) : hex !== undefined ? Number.parseInt(hex, 16) : undefined;
    const isCharacter = code !== undefined && code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
    const character = isCharacter ? String.fromCodePoint(code) : entities[named];
    isSound &&= character !== undefined;
    return character ?? '';
  });
  return isSound ? decoded : undefined;
}
