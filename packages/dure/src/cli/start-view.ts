import type { Clock } from '@dure/core';
import type { Component } from '../supervisor/component.ts';
import { messages } from './messages.ts';
import type { Language, Terminal } from './terminal.ts';
import { paint } from './terminal.ts';
import { padTo, seconds, textWidth } from './text-width.ts';

/** Shows how far a start has come. */
export interface StartView {
  update(component: Component): void;
  /** Leaves what is shown as it is; nothing is shown any more. */
  end(): void;
}

type Kind = Component['state']['kind'];

const marks = {
  waiting: ['·', 'dim'],
  starting: ['◦', 'cyan'],
  ready: ['✓', 'green'],
  crashed: ['✗', 'red'],
  failed: ['✗', 'red'],
  stopping: ['◦', 'yellow'],
  stopped: ['·', 'dim'],
} as const satisfies Readonly<Record<Kind, readonly [string, string]>>;

/** One line per component, painted over in a terminal; elsewhere a line when a component is ready or has failed. */
export function startView(terminal: Terminal, language: Language, clock: Clock): StartView {
  return terminal.isInteractive ? liveView(terminal, language, clock) : plainView(terminal, language, clock);
}

function plainView(terminal: Terminal, language: Language, clock: Clock): StartView {
  const text = messages[language];
  let ended = false;
  return {
    update({ name, state }) {
      if (ended || !['ready', 'failed', 'crashed'].includes(state.kind)) return;
      const reason = 'reason' in state ? `: ${state.reason}` : '';
      terminal.out(`${name} ${text.states[state.kind]} (${seconds(clock.monotonicMs())} s)${reason}\n`);
    },
    end() {
      ended = true;
    },
  };
}

function liveView(terminal: Terminal, language: Language, clock: Clock): StartView {
  const lines = new Map<string, string>();
  let shown = 0;
  let ended = false;
  const repaint = (): void => {
    const up = shown === 0 ? '' : `\u001b[${shown}A`;
    terminal.out(`${up}${[...lines.values()].map((line) => `\u001b[2K${line}\n`).join('')}`);
    shown = lines.size;
  };
  return {
    update(component) {
      if (ended) return;
      lines.set(component.name, lineOf(component, terminal, language, clock));
      repaint();
    },
    end() {
      ended = true;
    },
  };
}

function lineOf({ name, state }: Component, terminal: Terminal, language: Language, clock: Clock): string {
  const [mark, colour] = marks[state.kind];
  const label = padTo(messages[language].states[state.kind], 12);
  const rest = 'reason' in state ? state.reason : state.kind === 'ready' ? `${seconds(clock.monotonicMs())} s` : '';
  const room = Math.max(0, terminal.columns - 32);
  const shown = textWidth(rest) > room ? `${rest.slice(0, Math.max(0, room - 1))}…` : rest;
  return `  ${paint(terminal, colour, mark)} ${padTo(name, 14)} ${paint(terminal, colour, label)} ${paint(terminal, 'dim', shown)}`;
}
