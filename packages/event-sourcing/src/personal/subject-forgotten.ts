import type { Schema } from '@dure/core';
import type { EventType } from '@dure/messaging';

interface Forgotten {
  readonly subject: string;
}

const schema: Schema<Forgotten, Forgotten> = {
  '~standard': {
    version: 1,
    vendor: 'dure',
    validate: (value) =>
      typeof (value as Partial<Forgotten> | null)?.subject === 'string'
        ? { value: { subject: (value as Forgotten).subject } }
        : { issues: [{ message: 'expected a string', path: ['subject'], code: 'invalid_type' }] },
  },
};

/** Somebody is forgotten: the key of their data is destroyed. Read models take away what they hold of the subject. */
export const subjectForgotten: EventType<'subject.forgotten', Forgotten> = {
  kind: 'event',
  name: 'subject.forgotten',
  version: 1,
  schema,
  key: ({ subject }) => subject,
};
