import { postgresErrors } from '../errors.ts';
import { connected } from '../provisioning/connect.ts';

/**
 * `asShipped`: the function as it is, with a breakpoint between reading the high mark and closing the epoch.
 * `swapped`: the same two steps in the wrong order.
 */
export type AdvanceVariant = 'asShipped' | 'swapped';

/** The advisory lock at which a variant with a breakpoint waits between the two steps. */
export const breakpoint = 4_242;

/**
 * Replaces `dure.advance()` in a database that is thrown away by a variant made from its own source, so that what is shipped
 * is judged. `pause` is SQL that runs between the two steps. POSTGRES_FENCE_CHANGED.
 */
export function advanceVariants(ownerUrl: string) {
  return {
    install: (variant: AdvanceVariant, pause = '') =>
      connected(ownerUrl, async (owner) => {
        const { rows } = await owner.query<{ source: string }>(
          `select prosrc as source from pg_proc where oid = 'dure.advance'::regproc`,
        );
        const body = change(rows[0]?.source ?? '', variant, pause);
        await owner.query(
          `create or replace function dure.advance() returns bigint language plpgsql as $body$${body}$body$`,
        );
      }),
  };
}

const steps = /( {2}hi := [^;]+;)\n {2}if hi > s and ([^\n]+) then\n( {4}e := [^;]+;)[^\n]*\n/;

function change(source: string, variant: AdvanceVariant, pause: string): string {
  const found = steps.exec(source);
  if (found === null) {
    throw postgresErrors.FENCE_CHANGED('dure.advance() does not have the two steps where they are looked for');
  }
  const [all, readMark, limit, closeEpoch] = found;
  const right = `${readMark}\n  ${pause}\n  if hi > s and ${limit} then\n${closeEpoch}\n`;
  const wrong = `  if ${limit} then\n${closeEpoch}\n  ${pause}\n${readMark}\n`;
  return source.replace(all, variant === 'asShipped' ? right : wrong);
}
