import { parseArgs } from 'node:util';
import { dureErrors } from '../errors.ts';
import { nearest } from './nearest.ts';

/** An option as it is written and explained. */
export interface OptionSpec {
  /** What follows it, such as `<folder>`; absent for a switch. */
  readonly value?: string;
  readonly short?: string;
  readonly en: string;
  readonly ko: string;
}

/** What a command takes. */
export interface CommandSpec {
  readonly name: string;
  /** `[system]` */
  readonly positional?: string;
  /** Whether several may be given. */
  readonly repeats?: boolean;
  readonly options: Readonly<Record<string, OptionSpec>>;
  readonly en: string;
  readonly ko: string;
}

/** What was written. */
export interface CommandLine {
  readonly command: CommandSpec;
  readonly positional: string | undefined;
  /** All of them, where several may be given. */
  readonly positionals: readonly string[];
  readonly switches: ReadonlySet<string>;
  readonly values: ReadonlyMap<string, string>;
}

/** Reads a command's arguments. DURE_USAGE says what does not fit and names the nearest that would. */
export function readCommandLine(command: CommandSpec, argv: readonly string[]): CommandLine {
  const { tokens } = parseArgs({ args: [...argv], options: optionsOf(command), strict: false, tokens: true });
  const switches = new Set<string>();
  const values = new Map<string, string>();
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const spec = command.options[token.name];
    if (spec === undefined) throw unknownOption(command, token.rawName);
    if (spec.value === undefined && token.value !== undefined) {
      throw dureErrors.USAGE(`\`${token.rawName}\` takes no value, but "${token.value}" was given`);
    }
    if (spec.value === undefined) switches.add(token.name);
    else values.set(token.name, givenValue(token, spec));
  }
  const allowed = command.positional === undefined ? 0 : command.repeats === true ? Number.POSITIVE_INFINITY : 1;
  if (positionals.length > allowed) {
    throw dureErrors.USAGE(
      `\`dure ${command.name}\` takes ${allowed === 0 ? 'no argument' : 'one argument'}, but "${positionals[allowed]}" was given too`,
    );
  }
  return { command, positional: positionals[0], positionals, switches, values };
}

/** Finds a command by its name. DURE_USAGE suggests the nearest one. */
export function findCommand<C extends { readonly spec: CommandSpec }>(commands: readonly C[], name: string): C {
  const found = commands.find(({ spec }) => spec.name === name);
  if (found !== undefined) return found;
  const names = commands.map(({ spec }) => spec.name);
  const meant = nearest(name, names);
  throw dureErrors.USAGE(
    `there is no command "${name}"; ${meant === undefined ? `there are ${names.join(', ')}` : `did you mean \`dure ${meant}\`?`}`,
    { details: { command: name, meant } },
  );
}

function optionsOf({ options }: CommandSpec) {
  return Object.fromEntries(
    Object.entries(options).map(([name, { value, short }]) => [
      name,
      {
        type: value === undefined ? ('boolean' as const) : ('string' as const),
        ...(short === undefined ? {} : { short }),
      },
    ]),
  );
}

function givenValue(token: { readonly rawName: string; readonly value: string | undefined }, spec: OptionSpec): string {
  if (token.value !== undefined && token.value !== '') return token.value;
  throw dureErrors.USAGE(`\`${token.rawName}\` needs a value: \`${token.rawName} ${spec.value}\``);
}

function unknownOption(command: CommandSpec, written: string) {
  const names = Object.keys(command.options).map((name) => `--${name}`);
  const meant = nearest(written, names);
  return dureErrors.USAGE(
    `\`dure ${command.name}\` has no option "${written}"; ${meant === undefined ? `it has ${names.join(', ')}` : `did you mean \`${meant}\`?`}`,
    { details: { option: written, meant } },
  );
}
