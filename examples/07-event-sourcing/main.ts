// Gift cards, kept as what happened to them, in a PostgreSQL of this program's own. Two buyers spend from the same card at once, a
// read model is waited for and built anew, and somebody is forgotten.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ids, isRefusal, ownCall, systemClock, systemRandom } from '@dure/core';
import { newKey, repository } from '@dure/event-sourcing';
import type { Tx } from '@dure/postgres';
import { forgetSubject, migrate, openDatabase, postgresEventStore, sql } from '@dure/postgres';
import { startEmbeddedPostgres } from '@dure/postgres/embedded';
import { silentTelemetry } from '@dure/telemetry';
import { cardBalance, cardHolder, giftCard } from './gift-card.ts';

const say = (line: string) => process.stdout.write(`${line}\n`);
const clock = systemClock;
const folder = await mkdtemp(join(tmpdir(), 'dure-example-'));
const idSource = ids(clock, systemRandom);
const call = () => ownCall('gift', 'example', idSource);

try {
  await using server = await startEmbeddedPostgres({ folder, clock, random: systemRandom });
  const url = server.adminUrl;
  await migrate({ url, service: 'gift', seeds: false, clock });

  // region open
  await using db = openDatabase({
    url,
    service: 'gift',
    projections: [cardBalance, cardHolder],
    dataKeys: [newKey()], // from the service's secrets
    clock,
    ids: idSource,
    telemetry: silentTelemetry(),
  });
  await db.projections.ready();
  db.projections.run();
  const cards = repository(giftCard, { service: 'gift', store: postgresEventStore() });
  // endregion

  // region decide
  const spend = (won: number) =>
    db
      .uow(call(), (tx: Tx) => cards.decide(tx, 'spend', { card: 'c-1', won }))
      .then(
        ({ left }) => `spends ${won}, ${left} are left`,
        (error: unknown) =>
          isRefusal(error) ? `is refused: ${error.code} ${JSON.stringify(error.data)}` : Promise.reject(error),
      );
  // endregion
  const issuing = call();
  await db.uow(issuing, (tx: Tx) =>
    cards.decide(tx, 'issue', { card: 'c-1', holder: 'h-1', name: '소라', won: 10_000 }),
  );
  const [first, second] = await Promise.all([spend(6_000), spend(6_000)]);
  const [served, refused] = first.startsWith('spends') ? [first, second] : [second, first];
  say(`one buyer ${served}`);
  say(`the other ${refused}`);

  // region fresh
  const isFresh = await db.projections.fresh('card-holder', issuing, { waitMs: 5_000 });
  const holders = await sql<{ name: string; cards: number }>`select name, cards from card_holder`.execute(db.read);
  // endregion
  say(`the read model ${isFresh ? 'holds' : 'lacks'} what was written: ${JSON.stringify(holders.rows)}`);

  await db.projections.rebuild('card-balance');
  const balances = await sql`select * from card_balance`.execute(db.read);
  say(`built anew: ${JSON.stringify(balances.rows)}`);

  // region forget
  const forgetting = call();
  await db.uow(forgetting, (tx: Tx) => forgetSubject(tx, 'h-1'));
  // endregion
  await db.projections.fresh('card-holder', forgetting, { waitMs: 5_000 });
  const left = await sql<{ many: number }>`select count(*) as many from card_holder`.execute(db.read);
  say(`after forgetting, the read model has ${left.rows[0]?.many} holders`);
  await db.uow(call(), async (tx: Tx) => {
    for await (const page of cards.history(tx, 'c-1')) {
      for (const { version, type } of page) say(`  ${version}. ${type}`);
    }
  });
} finally {
  await rm(folder, { recursive: true, force: true });
}
