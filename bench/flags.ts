// What does an answer of a feature flag cost, by what its rules ask for?

import type { Call, Identity } from '@dure/core';
import { ids, live, newTrace, seededRandom, startCall, systemClock } from '@dure/core';
import type { FlagRule } from '@dure/flags';
import { flag, openFlags } from '@dure/flags';
import { median, printTable, round } from './lib/table.ts';

const rounds = Number(process.env.ROUNDS ?? 9);
const asksARound = Number(process.env.ASKS ?? 500_000);

const express = flag('expressDelivery', { default: false });
const rule = (changes: Partial<FlagRule>): FlagRule => ({
  value: true,
  users: undefined,
  roles: undefined,
  where: [],
  percent: undefined,
  ...changes,
});
const strangers = new Set(Array.from({ length: 1_000 }, (_, index) => `somebody-${index}`));
const cases: Readonly<Record<string, readonly FlagRule[]>> = {
  'no rule': [],
  'a role': [rule({ roles: new Set(['admin', 'tester']) })],
  '25 % of the users': [rule({ percent: 25 })],
  'a thousand users, a role, an attribute, 25 %': [
    rule({ users: strangers }),
    rule({ roles: new Set(['admin']) }),
    rule({ where: [['country', new Set(['KR', 'JP'])]] }),
    rule({ percent: 25 }),
  ],
  'ten rules of 0 %': Array.from({ length: 10 }, () => rule({ percent: 0 })),
};

const random = seededRandom(1);
const source = ids(systemClock, random);
const attributes = { attributes: { country: 'SE' } };
const calls = Array.from({ length: 10_000 }, (): Call => {
  const identity: Identity = { kind: 'user', subject: source.uuid(), roles: ['customer'], scopes: [] };
  return startCall({ trace: newTrace(source), identity });
});

const rows: (string | number)[][] = [['rules', 'ns of CPU in a call that has asked before', 'ns in a new call']];
for (const [name, rules] of Object.entries(cases)) {
  const counted = { DEFAULT: 0, SPLIT: 0, STATIC: 0, TARGETING_MATCH: 0 };
  const flags = openFlags({
    flags: [express],
    rules: live(new Map([['expressDelivery', { value: undefined, rules }]])),
    observe: (_flag, { reason }) => {
      counted[reason] += 1;
    },
  });
  const nsOf = (callOf: (index: number) => Call): number => {
    const started = process.cpuUsage();
    for (let index = 0; index < asksARound; index += 1) flags.isOn(express, callOf(index), attributes);
    return (process.cpuUsage(started).user * 1e3) / asksARound;
  };
  const old: number[] = [];
  const fresh: number[] = [];
  for (let turn = 0; turn < rounds; turn += 1) {
    old.push(nsOf((index) => calls[index % calls.length] as Call));
    const made = Array.from({ length: asksARound }, (_, index) =>
      startCall({ trace: (calls[0] as Call).trace, identity: (calls[index % calls.length] as Call).identity }),
    );
    fresh.push(nsOf((index) => made[index] as Call));
  }
  rows.push([name, round(median(old), 0), round(median(fresh), 0)]);
}
printTable(`an answer of a flag, counted, medians of ${rounds} rounds`, rows);
