import type { CompiledQuery, ConnectionProvider, DatabaseConnection, Dialect, Driver, QueryResult } from 'kysely';
import { Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler, Transaction } from 'kysely';
import type { Connection } from './connection.ts';
import { postgresErrors } from './errors.ts';
import type { ReadPool } from './read-pool.ts';
import type { StatementNames } from './statement-names.ts';

/** Kysely for reads, on any free connection of the pool. Changes are refused: POSTGRES_READ_ONLY. */
export function readKysely<Tables>(pool: ReadPool, names: StatementNames): Kysely<Tables> {
  return new Kysely<Tables>({ dialect: dialect(new PoolDriver(pool, names)) });
}

/** Makes Kysely for one transaction on one connection; `open` says whether it may still be used. */
export type BindKysely = (connection: Statements, open: () => boolean) => Transaction<unknown>;

/** Prepares everything that all transactions share, so that each costs next to nothing. */
export function kyselyBinder(names: StatementNames): BindKysely {
  const own = dialect(new PoolDriver(undefined, names));
  const driver = own.createDriver();
  const executor = new Kysely<unknown>({ dialect: own }).getExecutor();
  const config = { dialect: own };
  return (connection, open) => {
    const bound = new BoundConnection(connection, names, open);
    const provider: ConnectionProvider = { provideConnection: (use) => use(bound) };
    const props = { config, driver, dialect: own, executor: executor.withConnectionProvider(provider) };
    return new Transaction<unknown>(props as unknown as ConstructorParameters<typeof Transaction>[0]);
  };
}

/** Whatever takes statements. */
type Statements = Pick<Connection, 'query'>;

class BoundConnection implements DatabaseConnection {
  readonly #connection: Statements;
  readonly #names: StatementNames;
  readonly #open: () => boolean;

  constructor(connection: Statements, names: StatementNames, open: () => boolean) {
    this.#connection = connection;
    this.#names = names;
    this.#open = open;
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    if (!this.#open()) {
      throw postgresErrors.UNIT_ENDED(
        `a statement was sent after its unit of work had ended: ${query.sql.slice(0, 120)}`,
      );
    }
    return execute<Row>(this.#connection, this.#names, query);
  }

  streamQuery(): never {
    throw postgresErrors.UNIT_ENDED('stream() is not available here; read in pages by a key instead');
  }
}

async function execute<Row>(
  connection: Statements,
  names: StatementNames,
  { sql, parameters }: CompiledQuery,
): Promise<QueryResult<Row>> {
  // Without parameters it may be several statements at once, which cannot be prepared.
  const name = parameters.length === 0 ? undefined : names(sql);
  const answer = await connection.query(sql, parameters, name);
  const rows = answer.rows as unknown as Row[];
  return changes.has(answer.command) ? { rows, numAffectedRows: BigInt(answer.rowCount) } : { rows };
}

const changes = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE']);
const reads = new Set(['SelectQueryNode', 'RawNode']);

const maxReadAttempts = 3;

/** A connection of the pool that Kysely borrowed for reading. When it is lost, the read, which changes nothing, takes another. */
class ReadConnection implements DatabaseConnection {
  readonly #pool: ReadPool;
  readonly #names: StatementNames;
  #connection: Connection;

  constructor(pool: ReadPool, connection: Connection, names: StatementNames) {
    this.#pool = pool;
    this.#connection = connection;
    this.#names = names;
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    if (!reads.has(query.query.kind)) throw readOnly(query.sql);
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await execute<Row>(this.#connection, this.#names, query);
      } catch (cause) {
        if (!this.#connection.lost) throw cause;
        if (attempt === maxReadAttempts)
          throw postgresErrors.CONNECTION_LOST(
            `the connection to PostgreSQL broke under a read, ${attempt} times in a row`,
            { cause, retryable: true },
          );
        this.#pool.release(this.#connection);
        this.#connection = await this.#pool.lease(undefined);
      }
    }
  }

  streamQuery(): never {
    throw readOnly('stream()');
  }

  release(): void {
    this.#pool.release(this.#connection);
  }
}

class PoolDriver implements Driver {
  readonly #pool: ReadPool | undefined;
  readonly #names: StatementNames;

  constructor(pool: ReadPool | undefined, names: StatementNames) {
    this.#pool = pool;
    this.#names = names;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    if (this.#pool === undefined) throw readOnly('a query without a connection');
    return new ReadConnection(this.#pool, await this.#pool.lease(undefined), this.#names);
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    if (connection instanceof ReadConnection) connection.release();
  }

  async beginTransaction(): Promise<void> {
    throw readOnly('transaction()');
  }

  async commitTransaction(): Promise<void> {
    throw readOnly('commit');
  }

  async rollbackTransaction(): Promise<void> {}

  async destroy(): Promise<void> {}
}

function readOnly(what: string): Error {
  return postgresErrors.READ_ONLY(`"${what.slice(0, 120)}" is not a read; change data inside db.uow(call, …)`);
}

function dialect(driver: Driver): Dialect {
  return {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => driver,
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  };
}
