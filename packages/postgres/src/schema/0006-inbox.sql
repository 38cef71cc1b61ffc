-- Messages that came without a position, by which a duplicate could be told: their ids, for as long as they may come again.
create table dure.inbox (
  source text not null,
  id text not null,
  at timestamptz not null default dure.now(),
  reply json, -- to a command: whoever sends it again gets the same
  primary key (source, id)
);
create index inbox_at on dure.inbox using brin (at); -- they come in the order of time

-- Claims a message by its id, as dure.take does by position. A rival with the same id waits for the commit.
create function dure.take_once(of_source text, of_id text, of_key text, out outcome text, out reply json)
language plpgsql as $$
begin
  insert into dure.inbox (source, id) values (of_source, of_id) on conflict do nothing;
  if not found then
    outcome := 'duplicate';
    reply := (select i.reply from dure.inbox i where i.source = of_source and i.id = of_id);
  elsif exists (select from dure.source s where s.source = of_source and s.paused is not null) then
    outcome := 'paused';
    delete from dure.inbox i where i.source = of_source and i.id = of_id;
  else
    perform from dure.parked_key k where k.source = of_source and k.key = of_key for update;
    outcome := case when found then 'parked' else 'new' end;
  end if;
end $$;

-- Claims several messages of one stream at once: for each, in order, what became of it. By position, where positions are given
-- (ascending), or else by id.
create function dure.take_batch(of_source text, positions bigint[], ids text[], keys text[]) returns text[]
language plpgsql as $$
declare
  many int := cardinality(ids);
  before bigint;
  fresh text[];
  waiting text[];
begin
  if exists (select from dure.source s where s.source = of_source and s.paused is not null) then
    return array_fill('paused'::text, array[many]);
  end if;
  if positions is not null then
    insert into dure.source (source, pos) values (of_source, 0) on conflict do nothing;
    select s.pos into before from dure.source s where s.source = of_source for update;
    update dure.source s set pos = positions[many], changed_at = dure.now()
    where s.source = of_source and s.pos < positions[many];
    fresh := (select array_agg(t.id) from unnest(positions, ids) as t(pos, id) where t.pos > before);
  else
    with inserted as (
      insert into dure.inbox (source, id) select of_source, unnest(ids) on conflict do nothing returning id
    ) select array_agg(id) into fresh from inserted;
  end if;
  with locked as (
    select k.key from dure.parked_key k where k.source = of_source and k.key = any (keys) order by k.key for update
  ) select array_agg(key) into waiting from locked;
  if waiting is null and cardinality(fresh) = many then
    return array_fill('new'::text, array[many]);
  end if;
  return (
    select array_agg(
      case
        when not t.id = any (coalesce(fresh, '{}')) then 'duplicate'
        when t.key = any (coalesce(waiting, '{}')) then 'parked'
        else 'new'
      end order by t.n)
    from unnest(ids, keys) with ordinality as t(id, key, n)
  );
end $$;

-- Commands that were sent from outside: each stands in the service's own log, and its reply is written here.
create table dure.submission (
  id uuid primary key, -- of the command
  type text not null,
  sender text not null, -- who may ask for the outcome
  at timestamptz not null default dure.now(),
  reply json
);
create index submission_at on dure.submission using brin (at);
