import type { CompiledQuery, ConnectionProvider, DatabaseConnection, Dialect, Driver, QueryResult } from 'kysely';
import { Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler, Transaction } from 'kysely';
import type { Connection } from './connection.ts';
import { postgresErrors } from './errors.ts';
import type { Pool } from './pool.ts';

/** Kysely for reads, on any free connection of the pool. Changes are refused: POSTGRES_READ_ONLY. */
export function readKysely<Tables>(pool: Pool): Kysely<Tables> {
  return new Kysely<Tables>({ dialect: dialect(new PoolDriver(pool)) });
}

/** Makes Kysely for one transaction on one connection; `open` says whether it may still be used. */
export type BindKysely = (connection: Statements, open: () => boolean) => Transaction<unknown>;

/** Prepares everything that all transactions share, so that each costs next to nothing. */
export function kyselyBinder(): BindKysely {
  const own = dialect(new PoolDriver(undefined));
  const driver = own.createDriver();
  const executor = new Kysely<unknown>({ dialect: own }).getExecutor();
  const config = { dialect: own };
  return (connection, open) => {
    const bound = new BoundConnection(connection, open);
    const provider: ConnectionProvider = { provideConnection: (use) => use(bound) };
    const props = { config, driver, dialect: own, executor: executor.withConnectionProvider(provider) };
    return new Transaction<unknown>(props as unknown as ConstructorParameters<typeof Transaction>[0]);
  };
}

/** Whatever takes statements. */
type Statements = Pick<Connection, 'query'>;

class BoundConnection implements DatabaseConnection {
  readonly #connection: Statements;
  readonly #open: () => boolean;

  constructor(connection: Statements, open: () => boolean) {
    this.#connection = connection;
    this.#open = open;
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    if (!this.#open()) {
      throw postgresErrors.UNIT_ENDED(
        `a statement was sent after its unit of work had ended: ${query.sql.slice(0, 120)}`,
      );
    }
    return execute<Row>(this.#connection, query);
  }

  streamQuery(): never {
    throw postgresErrors.UNIT_ENDED('stream() is not available here; read in pages by a key instead');
  }
}

async function execute<Row>(connection: Statements, query: CompiledQuery): Promise<QueryResult<Row>> {
  const answer = await connection.query(query.sql, query.parameters);
  const rows = answer.rows as unknown as Row[];
  return changes.has(answer.command) ? { rows, numAffectedRows: BigInt(answer.rowCount) } : { rows };
}

const changes = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE']);
const reads = new Set(['SelectQueryNode', 'RawNode']);

/** A connection of the pool that Kysely borrowed for reading. */
class ReadConnection implements DatabaseConnection {
  readonly connection: Connection;

  constructor(connection: Connection) {
    this.connection = connection;
  }

  executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    if (!reads.has(query.query.kind)) throw readOnly(query.sql);
    return execute<Row>(this.connection, query);
  }

  streamQuery(): never {
    throw readOnly('stream()');
  }
}

class PoolDriver implements Driver {
  readonly #pool: Pool | undefined;

  constructor(pool: Pool | undefined) {
    this.#pool = pool;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    if (this.#pool === undefined) throw readOnly('a query without a connection');
    return new ReadConnection(await this.#pool.lease(undefined));
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    if (connection instanceof ReadConnection) this.#pool?.release(connection.connection);
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
