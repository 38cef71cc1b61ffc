/** One SRV record (RFC 2782). */
export interface SrvRecord {
  /** The target's host name; empty or `.` says that the service is decidedly not there. */
  readonly target: string;
  readonly port: number;
  /** Those with the lowest number are used. */
  readonly priority: number;
  readonly weight: number;
}

/** One A or AAAA record. */
export interface AddressRecord {
  readonly address: string;
  readonly ttlMs: number;
}

/** Asks the domain name system. */
export interface DnsResolver {
  /** Rejects when the name has no such record, or nobody answers. */
  srv(name: string): Promise<readonly SrvRecord[]>;
  /** IPv4 addresses, or IPv6 ones when there is no IPv4. Rejects when there are none, or nobody answers. */
  addresses(host: string): Promise<readonly AddressRecord[]>;
}
