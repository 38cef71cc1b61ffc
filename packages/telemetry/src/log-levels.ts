/** How much a logger says: its level and everything above it. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** What a logger can be told: a level, or to write nothing at all. */
export type LoggerLevel = LogLevel | 'off';

/** The levels that a configuration states. */
export interface LogSettings {
  /** Of every logger that has none of its own. */
  readonly level?: LoggerLevel | undefined;
  /** By the logger's name: a service's, or that of one of its parts. */
  readonly levels: Readonly<Record<string, LoggerLevel>>;
}

/** The name of the level that holds where no other does, as Spring Boot calls it. */
export const rootLogger = 'ROOT';

/** The levels of a service's loggers, which may change while they write. */
export interface LogLevels {
  /** The service's own logger first, then the parts that have been asked for; the root is none of them. */
  readonly names: readonly string[];
  /** What was said of this very name, by an operator or the configuration. */
  configured(name: string): LoggerLevel | undefined;
  /** What holds: of a part its own level, else that of its service, else the root's. */
  effective(name: string): LoggerLevel;
  /** Puts a configuration in place of the one before; what an operator has set stands above it. */
  configure(settings: LogSettings): void;
  /** An operator's level of a logger or of the root, until the process ends; undefined takes it back. */
  set(name: string, level: LoggerLevel | undefined): void;
}

/** pino's numbers for the levels. */
export const levelNumbers: Readonly<Record<LogLevel, number>> = { debug: 20, info: 30, warn: 40, error: 50 };

/** The lowest number that a logger writes; looked at for every line. */
export interface Threshold {
  number: number;
}

/** Levels that loggers follow by the threshold they are given. */
export interface LevelBook extends LogLevels {
  thresholdOf(name: string): Threshold;
}

/** Beyond so many names a part shares the threshold of its service. */
const mostNames = 200;

/** Opens the levels of a service; `first` holds until somebody says something else. */
export function levelBook(service: string, first: LoggerLevel): LevelBook {
  const thresholds = new Map<string, Threshold>();
  const overrides = new Map<string, LoggerLevel>();
  let settings: LogSettings = { levels: {} };
  const ofConfiguration = (name: string) =>
    name === rootLogger ? settings.level : Object.hasOwn(settings.levels, name) ? settings.levels[name] : undefined;
  const configured = (name: string) => overrides.get(name) ?? ofConfiguration(name);
  const effective = (name: string): LoggerLevel =>
    configured(name) ?? (name === rootLogger ? first : effective(name === service ? rootLogger : service));
  const apply = () => {
    for (const [name, threshold] of thresholds) threshold.number = numberOf(effective(name));
  };
  const thresholdOf = (name: string): Threshold => {
    const known = thresholds.get(name);
    if (known !== undefined) return known;
    if (thresholds.size >= mostNames) return thresholdOf(service);
    const made = { number: numberOf(effective(name)) };
    thresholds.set(name, made);
    return made;
  };
  thresholdOf(service);
  return {
    get names() {
      return [...thresholds.keys()];
    },
    configured,
    effective,
    thresholdOf,
    configure(next) {
      settings = next;
      apply();
    },
    set(name, level) {
      if (level === undefined) overrides.delete(name);
      else overrides.set(name, level);
      apply();
    },
  };
}

function numberOf(level: LoggerLevel): number {
  return level === 'off' ? Number.POSITIVE_INFINITY : levelNumbers[level];
}
