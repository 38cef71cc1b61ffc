/** What an actuator endpoint is asked. */
export interface ManagementRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** What follows the endpoint's id in the path, split at slashes and decoded. */
  readonly path: readonly string[];
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/**
 * What it answers. A string body is sent as text, anything else as JSON; undefined sends no body. A refusal, 400 to
 * 499, without a body becomes a problem.
 */
export interface ManagementResponse {
  readonly status: number;
  readonly contentType?: string;
  readonly body?: unknown;
  /** With a refusal: what is wrong, and what was expected. */
  readonly detail?: string;
  /** With 405: the methods that are taken. Default `GET`. */
  readonly allow?: string;
}

/** One endpoint of a service's management port, mounted at `/actuator/<id>`. */
export interface ManagementEndpoint {
  readonly id: string;
  readonly handle: (request: ManagementRequest) => Promise<ManagementResponse> | ManagementResponse;
}

/** The state of one part of a service, after Spring Boot's health statuses. */
export interface Health {
  readonly status: 'UP' | 'DOWN' | 'OUT_OF_SERVICE' | 'UNKNOWN';
  readonly details?: Readonly<Record<string, unknown>>;
}

/** A part of a service whose health counts; `readiness` parts decide whether traffic is sent here. */
export interface HealthCheck {
  readonly name: string;
  readonly groups: readonly ('liveness' | 'readiness')[];
  readonly check: () => Promise<Health> | Health;
}
