import { accessText } from '../contract/index.ts';
import type { BreakText } from './break-text.ts';
import { fixes, gapText } from './break-text.ts';
import type {
  CommandShape,
  ContractShape,
  EventShape,
  OperationShape,
  RefusalShape,
  ValueShape,
} from './contract-shape.ts';
import { sameJson } from './normal-schema.ts';
import type { SchemaGap } from './schema-gap.ts';
import { schemaGaps } from './schema-gaps.ts';

/** A change of a contract after which somebody no longer understands somebody else. */
export interface ContractBreak {
  readonly service: string;
  readonly part: 'event' | 'command' | 'operation';
  readonly name: string;
  /** `data.lines[].sku`, `input.orderId`, `refuses.OutOfStock`; empty for the part as a whole. */
  readonly place: string;
  readonly rule:
    | SchemaGap['rule']
    | 'removed'
    | 'version-lowered'
    | 'upcast-missing'
    | 'refusal-added'
    | 'answer'
    | 'route'
    | 'access'
    | 'key'
    | 'stream'
    | 'status';
  /** What it is, in a sentence. */
  readonly text: string;
  /** What to do instead. */
  readonly fix: string;
  /** Whose code it breaks: those who used it before and those who use it now. */
  readonly users: readonly string[];
}

/** Contracts as data, by the services that they are of. */
export type ContractShapes = Readonly<Record<string, ContractShape>>;

/**
 * What the change from one set of contracts to another breaks.
 *
 * Services are replaced one after the other, and messages outlive who wrote them. So whatever was built before must read what is
 * written now: events, answers, refusals. And what is built now must read what was written before: events and answers in a log,
 * and commands and requests of those who have not been replaced yet. A new version of an event or a command is read only by who knows it, so there it is
 * enough that each earlier one is brought up.
 */
export function contractBreaks(before: ContractShapes, now: ContractShapes): readonly ContractBreak[] {
  return Object.entries(before).flatMap(([service, old]) => {
    const shape = now[service] ?? {};
    return [
      ...each(service, 'event', old.events, shape.events, eventBreaks),
      ...each(service, 'command', old.commands, shape.commands, commandBreaks),
      ...each(service, 'operation', old.operations, shape.operations, operationBreaks),
    ];
  });
}

type Found = Pick<ContractBreak, 'place' | 'rule' | 'text' | 'fix'>;
interface Used {
  readonly users: readonly string[];
}

function each<T extends Used>(
  service: string,
  part: ContractBreak['part'],
  before: Readonly<Record<string, T>> = {},
  now: Readonly<Record<string, T>> = {},
  breaks: (old: T, present: T) => readonly Found[],
): readonly ContractBreak[] {
  return Object.entries(before).flatMap(([name, old]) => {
    const present = now[name];
    const users = [...new Set([...old.users, ...(present?.users ?? [])])].sort();
    const found = present === undefined ? removed(old) : breaks(old, present);
    return found.map((one) => ({ service, part, name, ...one, users }));
  });
}

/** What nobody uses can go. */
function removed({ users }: Used): readonly Found[] {
  return users.length === 0 ? [] : [{ place: '', rule: 'removed', text: 'is gone', fix: fixes.removed }];
}

function eventBreaks(old: EventShape, present: EventShape): readonly Found[] {
  const version = versionBreaks(old, present);
  if (present.version !== old.version) return version;
  const fix = fixes.version(old.version);
  return [
    ...version,
    ...gaps(present.data, old.data, 'data', 'written now', fix),
    ...gaps(old.data, present.data, 'data', 'written before', fix),
  ];
}

function commandBreaks(old: CommandShape, present: CommandShape): readonly Found[] {
  const input =
    present.version === old.version
      ? gaps(old.input, present.input, 'input', 'sent before', fixes.version(old.version))
      : [];
  return [
    ...versionBreaks(old, present),
    ...input,
    ...answerBreaks(old.output, present.output, 'logged'),
    ...refusalBreaks(old.refuses, present.refuses),
  ];
}

function operationBreaks(old: OperationShape, present: OperationShape): readonly Found[] {
  const inputs = (['params', 'query', 'body'] as const).flatMap((part) =>
    present[part] === undefined
      ? []
      : gaps(old[part] ?? { read: { type: 'object' } }, present[part], part, 'sent before', fixes.beside),
  );
  return [
    ...wayBreaks(old, present),
    ...inputs,
    ...answerBreaks(old.output, present.output, 'told'),
    ...refusalBreaks(old.refuses, present.refuses),
  ];
}

/** How an operation is reached. */
function wayBreaks(old: OperationShape, present: OperationShape): readonly Found[] {
  const changed = (rule: ContractBreak['rule'], from: string, to: string): Found => ({
    place: rule,
    rule,
    text: `is ${to} now, and was ${from}`,
    fix: fixes.beside,
  });
  return [
    ...(old.route === present.route ? [] : [changed('route', old.route, present.route)]),
    ...(admits(present.access, old.access)
      ? []
      : [changed('access', accessText(old.access), accessText(present.access))]),
    ...(present.key === true && old.key !== true
      ? [changed('key', 'taken without one', 'demanded as the header Idempotency-Key')]
      : []),
    ...(old.stream === present.stream
      ? []
      : [changed('stream', old.stream ? 'a stream' : 'one answer', present.stream ? 'a stream' : 'one answer')]),
  ];
}

/** Whether all who were let in still are. */
function admits(now: OperationShape['access'], before: OperationShape['access']): boolean {
  if (now === 'public' || sameJson(now, before)) return true;
  return now === 'user' && typeof before === 'object' && !('scope' in before);
}

function answerBreaks(
  old: ValueShape | undefined,
  present: ValueShape | undefined,
  how: 'logged' | 'told',
): readonly Found[] {
  if (old === undefined) return [];
  if (present === undefined)
    return [{ place: 'output', rule: 'answer', text: 'there is no answer any more', fix: fixes.beside }];
  return [
    ...gaps(present, old, 'output', 'written now', fixes.beside),
    // An answer in a log may be read by who was built after it was written.
    ...(how === 'logged' ? gaps(old, present, 'output', 'written before', fixes.optional) : []),
  ];
}

function refusalBreaks(
  before: Readonly<Record<string, RefusalShape>> = {},
  now: Readonly<Record<string, RefusalShape>> = {},
): readonly Found[] {
  return Object.entries(now).flatMap(([code, { status, data }]): readonly Found[] => {
    const old = before[code];
    const place = `refuses.${code}`;
    if (old === undefined)
      return [
        {
          place,
          rule: 'refusal-added',
          text: 'is new: whoever was built before takes it for a failure',
          fix: fixes.refusal,
        },
      ];
    const moved: Found = {
      place,
      rule: 'status',
      text: `has the status ${status} now, and had ${old.status}`,
      fix: fixes.beside,
    };
    return [...(status === old.status ? [] : [moved]), ...gaps(data, old.data, place, 'written now', fixes.beside)];
  });
}

function versionBreaks(old: EventShape | CommandShape, present: EventShape | CommandShape): readonly Found[] {
  if (present.version < old.version)
    return [
      {
        place: 'version',
        rule: 'version-lowered',
        text: `is ${present.version} now, and was ${old.version}: nobody brings down what was written`,
        fix: fixes.grow(old.version),
      },
    ];
  const first = Math.min(old.version, ...(old.upcasts ?? []));
  const all = Array.from({ length: present.version - first }, (_, at) => first + at);
  const missing = all.filter((version) => !(present.upcasts ?? []).includes(version));
  return missing.map((version) => ({
    place: `upcast.${version}`,
    rule: 'upcast-missing',
    text: `nothing brings version ${version} to ${version + 1}`,
    fix: fixes.upcast(version),
  }));
}

function gaps(written: ValueShape, read: ValueShape, at: string, when: BreakText, fix: string): readonly Found[] {
  return schemaGaps(written.written ?? written.read, read.read).map((gap) => ({
    place: gap.path === '' ? at : `${at}.${gap.path}`,
    rule: gap.rule,
    text: gapText(gap, when),
    fix,
  }));
}
