import type { DureError } from '@dure/core';
import { messageOf } from '@dure/core';
import { DatabaseError } from 'pg';
import { postgresErrors } from '../errors.ts';
import type { MigrationFile } from './migration-files.ts';

/** Says which file, line and column PostgreSQL stumbled over, and why. */
export function failedMigration(file: MigrationFile, service: string, error: unknown): DureError {
  const database = error instanceof DatabaseError ? error : undefined;
  const place = database?.position === undefined ? undefined : placeOf(file.sql, Number(database.position));
  const where = place === undefined ? file.path : `${file.path}, line ${place.line}, column ${place.column}`;
  const hints = [database?.detail, database?.hint].filter((text) => text !== undefined && text !== '');
  const said = [messageOf(error), ...hints].join('; ');
  return postgresErrors.MIGRATION_FAILED(
    `${where} (service ${service}): ${said} (SQLSTATE ${database?.code ?? 'unknown'}); nothing of this file was applied`,
    {
      cause: error,
      details: { service, file: file.path, sqlState: database?.code, ...place },
    },
  );
}

/** PostgreSQL counts characters from 1, over the whole text that was sent. */
function placeOf(sql: string, position: number): { readonly line: number; readonly column: number } {
  const before = [...sql].slice(0, position - 1).join('');
  const lines = before.split('\n');
  return { line: lines.length, column: [...(lines.at(-1) ?? '')].length + 1 };
}
