/** A git repository with configurations in it, and how to get at it. Plain data: it may stand in a file. */
export interface GitRepository {
  /**
   * `https://git.example/config.git`, `ssh://git@git.example/config.git`, `git@git.example:config.git`,
   * `file:///srv/config.git`; `http` on this machine only. In its path `{application}` and `{profile}` stand for what is
   * asked for, each a repository of its own. No password: see `passwordFile`.
   */
  readonly url: string;
  /**
   * Folders whose files come before those of the root, a later one before an earlier. `*` stands for any name, and
   * `{application}`, `{profile}`, `{label}` for what is asked for. Default: the root alone.
   */
  readonly searchPaths?: readonly string[];
  /** The branch, tag or commit of whoever asks for none. Default `main`, or `master` where there is no `main`. */
  readonly defaultLabel?: string;
  /** Who asks, over HTTP. Default `git`. */
  readonly username?: string;
  /** A file of mode 0600 that holds the password or token, over HTTP; read at every fetch. */
  readonly passwordFile?: string;
  /** A file of mode 0600 that holds the private key, over SSH, without a passphrase. Default: what ssh finds itself. */
  readonly sshKeyFile?: string;
  /** The public keys of the hosts, over SSH: a host that is not in it is refused. Default: what ssh finds itself. */
  readonly knownHostsFile?: string;
  /** The certificates that the host is believed by, PEM. Default: the machine's. */
  readonly caFile?: string;
  /** An HTTP proxy: `http://proxy.example:3128`. Default: none. */
  readonly proxy?: string;
}

/** Where the config server's git repositories are, and how they are followed. Plain data: it may stand in a file. */
export interface GitOptions extends GitRepository {
  /** Repositories for some applications: the first with a pattern that matches is taken, in place of `url`. */
  readonly repos?: readonly GitPatternRepository[];
  /** How often the remote is asked, in milliseconds, give or take a tenth. Default 5 000; 0: when told to only. */
  readonly refreshMs?: number;
  /** The longest that one fetch may take, in milliseconds. Default 10 000; the first takes up to twelve times as long. */
  readonly timeoutMs?: number;
  /** How many commits of each branch are fetched. Labels that are commits reach no further. Default: all. */
  readonly depth?: number;
  /** Whether branches and tags that the remote no longer has go on to be served. Default false: asking for one is 404. */
  readonly keepDeletedLabels?: boolean;
}

/** A repository for the applications and profiles that a pattern names. */
export interface GitPatternRepository extends GitRepository {
  /** `order`, `order/prod`, `shop-*`, `shop-*`. */
  readonly patterns: readonly string[];
}
