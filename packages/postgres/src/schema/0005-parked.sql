-- Messages of other services that cannot be applied: the key of such a message is parked, so that it waits in order while all
-- others go on.

-- Who has paused the source, why and when: { "by", "why", "at" }. Nothing of it is applied meanwhile.
alter table dure.source add column paused json;

create table dure.parked_key (
  source text not null,
  key text not null,
  state text not null check (state in ('waiting', 'stopped')), -- stopped: not tried before somebody asks for it
  kind "char" not null, -- of its first message
  attempts int not null, -- of its first message
  since timestamptz not null,
  next_at timestamptz not null,
  error json not null, -- { "code", "message" }
  primary key (source, key)
) with (fillfactor = 70);
create index parked_due on dure.parked_key (source, next_at) where state = 'waiting';

create table dure.parked_message (
  n bigint generated always as identity primary key, -- the order in which they came
  source text not null,
  key text not null,
  id text not null,
  kind "char" not null,
  envelope json not null, -- as it came: a CloudEvent
  replacement json, -- its data as somebody has corrected it, where `edited` is set
  edited json, -- { "by", "why", "at" }
  revision int not null default 0
);
create index parked_order on dure.parked_message (source, key, n);
create index parked_id on dure.parked_message (source, id);

-- What operators did about deliveries, for ever in order.
create table dure.delivery_action (
  n bigint generated always as identity primary key,
  at timestamptz not null,
  what text not null,
  source text not null,
  key text,
  id text,
  by text not null,
  why text not null,
  detail json -- a message that was skipped or corrected, as it was before
);

-- Claims a message for the transaction of its delivery: 'new', 'duplicate', 'paused', or 'parked' when its key is. The row of
-- the source stays locked until the commit, so a rival waits and then finds the position moved; so does that of a parked
-- key, so that a message is never put behind a last one that is just being taken away.
create function dure.take(of_source text, at_pos bigint, of_key text) returns text language plpgsql as $$
begin
  update dure.source s set pos = at_pos, changed_at = dure.now()
  where s.source = of_source and s.pos < at_pos and s.paused is null;
  if not found then
    insert into dure.source as s (source, pos) values (of_source, at_pos)
    on conflict (source) do update set pos = excluded.pos, changed_at = dure.now()
    where s.pos < excluded.pos and s.paused is null;
    if not found then
      return case when exists (select from dure.source s where s.source = of_source and s.pos < at_pos)
        then 'paused' else 'duplicate' end;
    end if;
  end if;
  perform from dure.parked_key k where k.source = of_source and k.key = of_key for update;
  return case when found then 'parked' else 'new' end;
end $$;

-- Puts a message that was claimed behind those of its key. failure: { "code", "message", "attempts", "at", "nextAt" }, times in
-- epoch milliseconds.
create function dure.park(
  claimed text, of_source text, of_key text, of_id text, of_kind "char", of_envelope json, failure json
) returns text language plpgsql as $$
begin
  if claimed in ('duplicate', 'paused') then
    return claimed;
  end if;
  if claimed = 'new' then
    insert into dure.parked_key (source, key, state, kind, attempts, since, next_at, error)
    select of_source, of_key, case when f."nextAt" is null then 'stopped' else 'waiting' end, of_kind, f.attempts,
      to_timestamp(f.at / 1000), to_timestamp(coalesce(f."nextAt", f.at) / 1000), failure
    from json_to_record(failure) as f(attempts int, at double precision, "nextAt" double precision);
  end if;
  insert into dure.parked_message (source, key, id, kind, envelope) values (of_source, of_key, of_id, of_kind, of_envelope);
  return 'parked';
end $$;

-- Takes the first message of a key away, and the key with the last one.
create function dure.unpark(of_n bigint) returns void language plpgsql as $$
declare
  gone record;
  next "char";
begin
  delete from dure.parked_message where n = of_n returning source, key into strict gone;
  -- Not before now, so that messages can be put behind it while it is being applied.
  perform from dure.parked_key k where k.source = gone.source and k.key = gone.key for update;
  select m.kind into next from dure.parked_message m
  where m.source = gone.source and m.key = gone.key order by m.n limit 1;
  if found then
    update dure.parked_key k set kind = next, attempts = 0, state = 'waiting', next_at = dure.now()
    where k.source = gone.source and k.key = gone.key;
  else
    delete from dure.parked_key k where k.source = gone.source and k.key = gone.key;
  end if;
end $$;

-- What operators do; `who` is { "by", "why", "at" } with the time in epoch milliseconds.

create function dure.note_action(what text, of_source text, of_key text, of_id text, who json, detail json) returns void
language sql as $$
  insert into dure.delivery_action (at, what, source, key, id, by, why, detail)
  values (to_timestamp((who ->> 'at')::double precision / 1000), what, of_source, of_key, of_id, who ->> 'by', who ->> 'why', detail)
$$;

-- Has a key tried at once, or all of a source when none is named; how many.
create function dure.retry_parked(of_source text, of_key text, who json) returns bigint language plpgsql as $$
declare
  many bigint;
begin
  update dure.parked_key k set state = 'waiting', next_at = to_timestamp((who ->> 'at')::double precision / 1000)
  where k.source = of_source and (of_key is null or k.key = of_key);
  get diagnostics many = row_count;
  if many > 0 then
    perform dure.note_action('retry', of_source, of_key, null, who, null);
  end if;
  return many;
end $$;

-- Gives a message other data; what it had is kept. Waits for whoever is applying it.
create function dure.edit_parked(of_source text, of_id text, replaced_by json, who json) returns boolean language plpgsql as $$
declare
  m record;
begin
  select * into m from dure.parked_message p where p.source = of_source and p.id = of_id for update;
  if not found then
    return false;
  end if;
  update dure.parked_message p set replacement = replaced_by, edited = who, revision = p.revision + 1 where p.n = m.n;
  perform dure.note_action('edit', of_source, m.key, of_id, who,
    json_build_object('before', case when m.edited is null then m.envelope -> 'data' else m.replacement end, 'after', replaced_by));
  update dure.parked_key k set state = 'waiting', attempts = 0, next_at = to_timestamp((who ->> 'at')::double precision / 1000)
  where k.source = of_source and k.key = m.key;
  return true;
end $$;

-- Takes a message away unapplied; it stays among the actions.
create function dure.skip_parked(of_source text, of_id text, who json) returns boolean language plpgsql as $$
declare
  m record;
begin
  select * into m from dure.parked_message p where p.source = of_source and p.id = of_id for update;
  if not found then
    return false;
  end if;
  perform dure.note_action('skip', of_source, m.key, of_id, who, m.envelope);
  perform dure.unpark(m.n);
  return true;
end $$;

create function dure.pause_source(of_source text, who json, is_paused boolean) returns void language plpgsql as $$
begin
  insert into dure.source as s (source, pos, paused) values (of_source, 0, case when is_paused then who end)
  on conflict (source) do update set paused = excluded.paused;
  perform dure.note_action(case when is_paused then 'pause' else 'resume' end, of_source, null, null, who, null);
end $$;
