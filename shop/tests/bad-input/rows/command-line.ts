/** What is wrong, the arguments of `dure`, its exit status, the code and the message. */
export type CommandRow = readonly [what: string, argv: readonly string[], exit: number, code: string, says: RegExp];

const nowhere = ['--state', 'no-such-state'];

/** Run in a folder with `empty/`, `broken/system.ts` that does not parse, `throws/` and `nothing/`. */
export const commandRows: readonly CommandRow[] = [
  ['an unknown command', ['upp'], 2, 'DURE_USAGE', /there is no command "upp"; did you mean `dure up`\?/],
  ['a command far from all', ['xyzzy'], 2, 'DURE_USAGE', /there is no command "xyzzy"; there are up, down/],
  [
    'an unknown option',
    ['up', '--prot-base', '1'],
    2,
    'DURE_USAGE',
    /no option "--prot-base"; did you mean `--port-base`\?/,
  ],
  ['an option without its value', ['up', '--port-base'], 2, 'DURE_USAGE', /`--port-base` needs a value/],
  ['a switch with a value', ['up', '--fresh=yes'], 2, 'DURE_USAGE', /`--fresh` takes no value, but "yes" was given/],
  ['a port that is no number', ['up', 'nothing', '--port-base', 'http'], 2, 'DURE_USAGE', /"http"/],
  ['a port beyond all', ['up', 'nothing', '--port-base', '70000'], 2, 'DURE_USAGE', /"?70000"?/],
  ['an unknown placement', ['up', 'nothing', '--placement', 'some'], 2, 'DURE_USAGE', /"some"/],
  ['two systems', ['up', 'a', 'b'], 2, 'DURE_USAGE', /takes one argument, but "b" was given too/],
  ['a scale without a number', ['scale', 'order', ...nowhere], 2, 'DURE_USAGE', /order/],
  ['a folder without a system', ['up', 'empty'], 3, 'DURE_SYSTEM_NOT_FOUND', /system\.ts/],
  ['a folder that is not there', ['up', 'no-such-folder'], 3, 'DURE_SYSTEM_NOT_FOUND', /no-such-folder/],
  ['a system that does not parse', ['up', 'broken'], 3, 'DURE_SYSTEM_BROKEN', /broken\/system\.ts/],
  ['a system that throws', ['up', 'throws'], 3, 'DURE_SYSTEM_BROKEN', /the moon is wrong/],
  ['a module without a system', ['up', 'nothing'], 3, 'DURE_SYSTEM_BROKEN', /exports no system; export exactly one/],
  ['the status of nothing', ['status', ...nowhere], 7, 'DURE_NOT_RUNNING', /no-such-state/],
  ['the end of nothing', ['down', ...nowhere], 7, 'DURE_NOT_RUNNING', /no-such-state/],
  ['a restart of nothing', ['restart', 'order', ...nowhere], 7, 'DURE_NOT_RUNNING', /no-such-state/],
];
