/** One running copy of a service. */
export interface Instance {
  /** Unique over all services: `order:0193…`. */
  readonly id: string;
  readonly service: string;
  readonly host: string;
  readonly port: number;
  /** Its port speaks TLS. Default false. */
  readonly secure?: boolean;
  readonly managementPort: number | undefined;
  readonly zone: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Which instances of a service take traffic right now. */
export interface InstanceList {
  /**
   * Those that are up; an empty list when the service is unknown. Cheap: called for every attempt. The same array
   * until the list changes, never mutated.
   */
  instances(service: string): readonly Instance[];
  /** Rings when the list of a service (or of any, without a name) has changed. Returns the unsubscriber. */
  onChange(service: string | undefined, changed: () => void): () => void;
}
