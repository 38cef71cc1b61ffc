import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import { board, openRelease } from '../fixtures/board-kit.ts';

const events = Number(process.env.EVENTS ?? 1_000_000);
const accounts = 20_000;

for (const mode of ['async', 'inline'] as const) {
  test(`an ${mode} projection of ${events} events is rebuilt under load without a failed read or a missing row`, async (context) => {
    await using before = await openRelease([]);
    for (let from = 0; from < events; from += 10_000) await fill(before, from, Math.min(from + 10_000, events));
    await using release = await openRelease([board(mode)], { url: before.url });
    const building = performance.now();
    await release.projector.ready();
    release.projector.run();
    assert.ok(await release.holds('account-board', await release.db.log.advance(), 600_000));
    context.diagnostic(`built in ${((performance.now() - building) / 1_000).toFixed(1)} s`);
    const stop = new AbortController();
    let written = 0;
    let reads = 0;
    let slowestMs = 0;
    const writer = async () => {
      for (; !stop.signal.aborted; written += 1) {
        const began = performance.now();
        await release.deposit(`a-${written % accounts}`);
        slowestMs = Math.max(slowestMs, performance.now() - began);
      }
    };
    const reader = async () => {
      for (; !stop.signal.aborted; reads += 1) {
        const { rows } = await sql<{ many: number }>`select count(*) as many from account_board`.execute(
          release.db.read,
        );
        assert.equal(rows[0]?.many, accounts);
      }
    };
    const busy = [writer(), writer(), reader()];
    const began = performance.now();
    await release.projector.rebuild('account-board');
    const tookS = (performance.now() - began) / 1_000;
    stop.abort();
    await Promise.all(busy);
    assert.ok(await release.holds('account-board', await release.db.log.advance(), 60_000));
    const { rows } = await sql<{ total: number }>`select sum(balance)::bigint as total from account_board`.execute(
      release.db.read,
    );
    assert.equal(rows[0]?.total, events + written);
    context.diagnostic(
      `rebuilt in ${tookS.toFixed(1)} s beside ${written} appends (slowest ${slowestMs.toFixed(0)} ms) and ${reads} reads`,
    );
  });
}

/** Deposits of one won, through the log's own function. */
async function fill({ db }: Awaited<ReturnType<typeof openRelease>>, from: number, to: number): Promise<void> {
  await sql`select dure.flush((select jsonb_agg(jsonb_build_object(
      'id', gen_random_uuid(), 'at', 1, 'kind', 'e', 'type', 'test.deposited', 'version', 1, 'key', 'a-' || n % ${accounts}::int,
      'data', jsonb_build_object('account', 'a-' || n % ${accounts}::int, 'amount', 1), 'meta', '{"correlation": "fill"}'::jsonb))
    from generate_series(${from}::int, ${to - 1}::int) as n))`.execute(db.read);
}
