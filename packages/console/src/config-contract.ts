import { z } from 'zod';

/** Epoch milliseconds. */
const Time = z.number();

const ConfigValue = z.object({
  value: z.unknown(),
  /** `file`, `server`, `environment`, `default`. */
  layer: z.string(),
  /** `order.yml:3:9`, or the variable's name. */
  place: z.string(),
});

const ConfigKey = z.object({
  key: z.string(),
  ...ConfigValue.shape,
  /** The highest first. */
  overrides: z.array(ConfigValue),
  /** What the schema allows: `integer`, `string (secret)`. */
  type: z.string().optional(),
  description: z.string().optional(),
});

/** What an instance says of its configuration; secrets are masked there. */
export const ConfigReading = z.object({
  /** In the order in which they were applied. */
  layers: z.array(z.string()),
  keys: z.array(ConfigKey),
  warnings: z.array(z.string()),
  /** Why the latest reading was refused. */
  refused: z.object({ code: z.string().optional(), message: z.string() }).optional(),
});

/** What the config server says of versions: a target is an application with its profiles. */
export const ConfigChanges = z.object({
  changes: z.array(
    z.object({
      state: z.enum(['checking', 'trying', 'held']),
      targets: z.array(z.object({ target: z.string(), from: z.string(), to: z.string() })),
      /** The instances that try it out. */
      canaries: z.array(z.string()),
      reason: z.string().optional(),
    }),
  ),
  /** The versions that were accepted, the newest last. */
  targets: z.array(z.object({ target: z.string(), versions: z.array(z.object({ version: z.string(), at: Time })) })),
  instances: z.array(
    z.object({
      instance: z.string(),
      application: z.string(),
      profiles: z.array(z.string()),
      version: z.string().optional(),
      since: Time,
      refused: z.string().optional(),
      /** Whether it hears of changes at once. */
      follows: z.boolean(),
    }),
  ),
});

export const ConfigChangesView = z.object({
  /** False while no config server answers. */
  isKnown: z.boolean(),
  ...ConfigChanges.shape,
});

export const ServiceConfig = z.object({
  service: z.string(),
  /** Which of its instances answered; absent when none did. */
  instance: z.string().optional(),
  ...ConfigReading.shape,
  /** The same under other profiles, or why it does not fit there. */
  against: z.object({ profiles: z.string(), keys: z.array(ConfigKey), problem: z.string().optional() }).optional(),
});

export type ConfigChangesView = z.infer<typeof ConfigChangesView>;
export type ConfigKeyView = z.infer<typeof ConfigKey>;
export type ServiceConfigView = z.infer<typeof ServiceConfig>;
