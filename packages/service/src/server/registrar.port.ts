/** Makes an instance known to its callers. */
export interface Registrar {
  register(instance: Registration): Promise<Registered>;
}

export interface Registration {
  /** The name that callers use. */
  readonly service: string;
  /** Unique for the process: `order:0193…`. */
  readonly instanceId: string;
  readonly host: string;
  readonly port: number;
  readonly managementPort: number;
  readonly metadata: Readonly<Record<string, string>>;
}

/** An instance that is registered and renews itself until it is closed. */
export interface Registered {
  /** `UP` takes traffic, `OUT_OF_SERVICE` does not. */
  setStatus(status: 'UP' | 'OUT_OF_SERVICE' | 'DOWN'): Promise<void>;
  /**
   * Takes the instance out of service and waits until every caller that can be asked has said that it routes there no
   * more: `drained`; or `timed-out` after `withinMs` at most. Never rejects.
   */
  drain(withinMs: number): Promise<'drained' | 'timed-out'>;
  /** Deregisters; resolves when the registry has answered or after a second. */
  close(): Promise<void>;
}
