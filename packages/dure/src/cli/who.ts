import { userInfo } from 'node:os';
import { dureErrors } from '../errors.ts';
import type { CommandLine, OptionSpec } from './command-line.ts';

/** The options by which somebody says who does something, and why. */
export const whoOptions = {
  by: { value: '<who>', en: 'who does it (default: you)', ko: '누가 하는지(기본값: 현재 사용자)' },
  why: { value: '<why>', en: 'why it is done', ko: '하는 이유' },
} satisfies Readonly<Record<string, OptionSpec>>;

/** Who does something and why. DURE_USAGE when no reason is given. */
export function whoOf({ command, values }: CommandLine): { readonly by: string; readonly why: string } {
  const why = values.get('why');
  if (why === undefined) throw dureErrors.USAGE(`say why you do it: \`dure ${command.name} … --why "…"\`; it is kept`);
  return { by: values.get('by') ?? userInfo().username, why };
}
