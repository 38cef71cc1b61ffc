import type { ConfigFound, ConfigRequest, FileProblem } from '../../properties/config-folder.ts';

/** Where the server's configurations lie: a folder, a git repository, a table. Each finds by Spring's precedence. */
export interface ConfigBackend extends AsyncDisposable {
  /** What health and logs call it: `folder ./config`. */
  readonly name: string;
  /**
   * What an application is configured with, highest precedence first. What was good before serves while what is there now is
   * broken or away; CONFIG_FILE_INVALID when nothing was ever good, CONFIG_NOT_FOUND for a label that does not exist.
   */
  find(request: ConfigRequest): Promise<BackendFound>;
  /** All that is broken or away right now, whether or not somebody has asked for it. */
  problems(): Promise<readonly FileProblem[]>;
  /** Reads again what lies elsewhere, such as a remote repository; the files that changed. */
  refresh(): Promise<readonly string[]>;
}

/** What a backend found, and which state of the backend that was. */
export interface BackendFound extends ConfigFound {
  /** A commit's id; undefined where there is no such thing. */
  readonly version?: string | undefined;
}
