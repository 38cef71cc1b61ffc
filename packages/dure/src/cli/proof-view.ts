import type { LogProof, ProofEvent, ServerWarning } from '@dure/postgres/fence';
import type { CommandContext } from './command.ts';
import { messages } from './messages.ts';
import type { Language } from './terminal.ts';
import { paint } from './terminal.ts';
import { alignColumns } from './text-width.ts';

/** What a proof was asked for. */
export interface ProofOrder {
  readonly seconds: number;
  readonly seed: number;
  readonly fence: LogProof['fence'];
}

/** Shows how far a proof is. */
export interface ProofView {
  show(event: ProofEvent, order: ProofOrder): void;
}

const eraseLine = '\r\u001b[2K';

/** Where and what, the warnings, and one line that is painted over in a terminal; as JSON nothing but what is left behind. */
export function proofView({ terminal, language }: CommandContext, isJson: boolean): ProofView {
  const text = messages[language].proof;
  let isServerTold = false;
  const erase = () => {
    if (terminal.isInteractive) terminal.out(eraseLine);
  };
  return {
    show(event, { seconds, seed, fence }) {
      if (event.type === 'left') {
        if (!isJson) erase();
        terminal.err(`${paint(terminal, 'red', '!')} ${text.left(event.database, event.reason)}\n`);
      }
      if (isJson) return;
      switch (event.type) {
        case 'server': {
          if (isServerTold) return;
          isServerTold = true;
          const { version, host, user, warnings } = event.server;
          terminal.out(`${paint(terminal, 'bold', text.server(version, host, user))}\n`);
          for (const warning of warnings)
            terminal.err(`${paint(terminal, 'yellow', '!')} ${warningText(warning, language)}\n`);
          return;
        }
        case 'scratch':
          if (fence !== 'shipped') terminal.out(`${text[fence]}\n`);
          return terminal.out(`${text.scratch(event.database, shown(seconds), seed)}\n`);
        case 'progress': {
          const { acknowledged, killed, seconds: passed } = event.progress;
          if (terminal.isInteractive)
            terminal.out(`${eraseLine}${text.progress(passed, shown(seconds), acknowledged, killed)}`);
          return;
        }
        case 'dropped':
          erase();
          return terminal.out(`${text.dropped(event.database)}\n`);
        case 'left':
          return;
        default:
          return event satisfies never;
      }
    },
  };
}

/** The report of a proof. */
export function proofText(proof: LogProof, { terminal, language }: CommandContext): string {
  const text = messages[language].proof;
  const { labels } = text;
  const { events, commitsTogether, rolledBack, killed, lost, doubled, inverted, forgotten, latencyMs, crowd } = proof;
  const verdict = proof.holds
    ? paint(terminal, 'green', `✓ ${text.holds}`)
    : paint(terminal, 'red', `✗ ${text.broken}`);
  const rows = [
    [labels.messages, String(events)],
    [labels.together, String(commitsTogether)],
    [labels.undone, String(rolledBack)],
    [labels.killed, String(killed)],
    [labels.wrong, [lost, doubled, inverted, forgotten].join(', ')],
    [labels.latency, `${latencyMs.p50.toFixed(1)} / ${latencyMs.p99.toFixed(1)} ms`],
    [labels.crowd, `${crowd.writers}, ${crowd.services} × 8, ${crowd.readers}`],
    [labels.size, `${Math.round(proof.bytes / 2 ** 20)} MiB`],
    [labels.seed, String(proof.seed)],
  ];
  const faults = proof.faults.map((fault) => `  ${paint(terminal, 'red', fault)}`);
  return `${[verdict, ...alignColumns(rows).map((row) => `  ${row}`), ...faults].join('\n')}\n`;
}

/** What the self-test came to. */
export function selfTestText(
  { paused, swapped, passed }: { readonly paused: LogProof; readonly swapped: LogProof; readonly passed: boolean },
  { terminal, language }: CommandContext,
): string {
  const text = messages[language].proof;
  const found = ({ lost, events, seconds }: LogProof) =>
    lost === 0 ? text.nothingFound(events) : text.found(lost, events, shown(seconds));
  const verdict = passed
    ? paint(terminal, 'green', `✓ ${text.canFail}`)
    : paint(terminal, 'red', `✗ ${paused.holds ? text.cannotFail : text.broken}`);
  const rows = [
    [text.paused, found(paused)],
    [text.swapped, found(swapped)],
    [text.labels.seed, String(paused.seed)],
  ];
  return `${[verdict, ...alignColumns(rows).map((row) => `  ${row}`)].join('\n')}\n`;
}

function warningText(warning: ServerWarning, language: Language): string {
  const { warnings } = messages[language].proof;
  switch (warning.what) {
    case 'few-connections':
      return warnings[warning.what](warning.free);
    case 'left-over':
      return warnings[warning.what](warning.database);
    default:
      return warnings[warning.what];
  }
}

/** `60`, `7.5` */
function shown(seconds: number): string {
  return String(Math.round(seconds * 10) / 10);
}
