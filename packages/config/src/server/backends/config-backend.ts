import type {
  ConfigFound,
  ConfigRequest,
  FileProblem,
  ResourceFound,
  ResourceRequest,
} from '../../properties/config-folder.ts';

/** Where the server's configurations lie: a folder, a git repository, a table. Each finds by Spring's precedence. */
export interface ConfigBackend extends AsyncDisposable {
  /** What health and logs call it: `folder ./config`. */
  readonly name: string;
  /**
   * What an application is configured with, highest precedence first. What was good before serves while what is there now is
   * broken or away; CONFIG_FILE_INVALID when nothing was ever good, CONFIG_NOT_FOUND for a label that does not exist.
   *
   * While nothing has changed it gives the same object for the same request: the server keeps its answers with it.
   */
  find(request: ConfigRequest): Promise<BackendFound>;
  /**
   * The first file that is there, looking through the locations in the order in which they are listed, in each for the
   * paths in their order; undefined when there is none. It reads nothing but regular files that lie below the backend's
   * root after every link has been followed, nothing that `mayRead` refuses, and never what a version control system
   * keeps for itself. CONFIG_NOT_FOUND for a label that does not exist.
   */
  resource(request: ResourceRequest): Promise<ResourceFound | undefined>;
  /** All that is broken or away right now, whether or not somebody has asked for it. */
  problems(): Promise<readonly FileProblem[]>;
  /** Reads again what lies elsewhere, such as a remote repository; the files that changed. */
  refresh(): Promise<readonly string[]>;
  /**
   * Tells whenever something may have changed, for whatever reason; the result ends that. One that cannot tell is looked at
   * every few seconds.
   */
  watch?(changed: () => void): () => void;
}

/** What a backend found, and which state of the backend that was. */
export interface BackendFound extends ConfigFound {
  /** A commit's id; undefined where there is no such thing. */
  readonly version?: string | undefined;
}
