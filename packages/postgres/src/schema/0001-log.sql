-- Dure's own tables, in every service's database. Messages are written here by the transaction that they belong to and
-- read behind the commit fence, so that no reader ever skips one (design: "commit fence", docs of @dure/postgres).

-- The time that SQL goes by. `now()` and its like are never asked, so that a test can set the clock.
create function dure.now() returns timestamptz language sql stable parallel safe as $$
  select coalesce(to_timestamp(nullif(current_setting('dure.now', true), '')::double precision / 1000), clock_timestamp())
$$;

-- Heads of streams: the only authority for their versions. The row is locked until the commit, therefore a later
-- version always has a later position.
create table dure.stream (
  stream text primary key,
  version bigint not null
) with (fillfactor = 80);

-- The log. Append-only: whoever runs the service may insert and read, nothing else.
create sequence dure.log_pos_seq;
create table dure.log (
  pos bigint primary key default nextval('dure.log_pos_seq'),
  at timestamptz not null,
  kind "char" not null check (kind in ('e', 'c', 'r')), -- event, command, reply
  type text not null,
  version int not null,
  id uuid not null,
  key text not null,
  stream text,
  stream_version bigint,
  dest text, -- the service that a command or reply is for
  data jsonb not null,
  meta jsonb not null,
  check ((kind = 'e') = (dest is null)),
  check ((stream is null) = (stream_version is null))
);
create unique index log_stream on dure.log (stream, stream_version) where stream is not null;

-- The fence: the epoch that writers enter, the epochs that readers have closed, and the mark below which nothing appears.
create sequence dure.epoch;
select nextval('dure.epoch');
create table dure.fence_closed (
  epoch bigint primary key,
  hi bigint not null
);
create table dure.fence_mark (
  one boolean primary key default true check (one),
  safe bigint not null
) with (fillfactor = 10);
insert into dure.fence_mark (safe) values (0);

-- Writers: once for each transaction, after the stream heads are locked and before the first row of the log is inserted.
create function dure.enter() returns void language plpgsql as $$
declare
  e bigint;
  again bigint;
begin
  e := (select last_value from dure.epoch);
  loop
    perform pg_advisory_xact_lock_shared(7001, (e % 2147483647)::int);
    again := (select last_value from dure.epoch);
    exit when again = e; -- the epoch moved while we were locking: lock the new one too
    e := again;
  end loop;
end $$;

-- Readers: as often as they like; never blocks. Returns the position up to which nothing can appear any more.
-- The order of steps 1 and 2 is what the proof rests on: closing the epoch first lets a writer enter the new epoch and
-- draw a position that the mark then covers without waiting for it.
create function dure.advance() returns bigint language plpgsql as $$
declare
  hi bigint;
  e bigint;
  r record;
  s bigint;
begin
  if not pg_try_advisory_xact_lock(7002, 0) then -- somebody else is advancing
    return (select safe from dure.fence_mark);
  end if;
  select safe into s from dure.fence_mark;
  -- 1. First the high mark …
  hi := (select case when is_called then last_value else 0 end from dure.log_pos_seq);
  if hi > s and (select count(*) from dure.fence_closed) < 64 then
    e := nextval('dure.epoch') - 1; -- 2. … then close the epoch.
    insert into dure.fence_closed (epoch, hi) values (e, hi);
  end if;
  for r in select c.epoch, c.hi from dure.fence_closed c order by c.epoch loop
    exit when not pg_try_advisory_xact_lock(7001, (r.epoch % 2147483647)::int);
    delete from dure.fence_closed where epoch = r.epoch; -- 3. Nobody of that epoch is left.
    s := r.hi;
  end loop;
  update dure.fence_mark set safe = s where safe < s;
  return s;
end $$;

-- The end of a unit of work, in one call: heads, fence, rows. Returns the position of the last message.
-- heads: [{ "stream", "expected": "any" | "none" | "exists" | <version>, "count": <messages of that stream> }] or null
-- messages: [{ "id", "at" (epoch ms), "kind", "type", "version", "key", "dest", "stream", "data", "meta" }]
create function dure.flush(messages jsonb, heads jsonb default null) returns bigint language plpgsql as $$
declare
  h record;
  v bigint;
  base jsonb := '{}';
begin
  if heads is not null then
    for h in
      select * from jsonb_to_recordset(heads) as t(stream text, expected text, count int) order by t.stream collate "C"
    loop
      if h.expected = 'any' then
        insert into dure.stream as s (stream, version) values (h.stream, h.count)
        on conflict (stream) do update set version = s.version + h.count returning s.version into v;
      elsif h.expected in ('none', '0') then
        insert into dure.stream (stream, version) values (h.stream, h.count)
        on conflict (stream) do nothing returning version into v;
      elsif h.expected = 'exists' then
        update dure.stream s set version = s.version + h.count where s.stream = h.stream returning s.version into v;
      else
        update dure.stream s set version = s.version + h.count
        where s.stream = h.stream and s.version = h.expected::bigint returning s.version into v;
      end if;
      if not found then
        raise exception using errcode = 'DU001',
          message = format('the stream "%s" is not at the expected version %s', h.stream, h.expected),
          detail = coalesce((select s.version from dure.stream s where s.stream = h.stream), 0)::text;
      end if;
      base := base || jsonb_build_object(h.stream, v - h.count);
    end loop;
  end if;
  perform dure.enter();
  insert into dure.log (at, kind, type, version, id, key, dest, data, meta, stream, stream_version)
  select
    to_timestamp(m.at / 1000), m.kind, m.type, m.version, m.id, m.key, m.dest, m.data, m.meta, m.stream,
    case when m.stream is not null
      then (base ->> m.stream)::bigint + row_number() over (partition by m.stream order by m.n) end
  from rows from (
    jsonb_to_recordset(messages) as (
      id uuid, at double precision, kind "char", type text, version int, key text, dest text, stream text,
      data jsonb, meta jsonb)
  ) with ordinality as m(id, at, kind, type, version, key, dest, stream, data, meta, n)
  order by m.n;
  return currval('dure.log_pos_seq');
end $$;

-- How far this service has applied the logs of others. The row is the lock: of two instances that apply the same
-- message, the second waits, finds the position moved, and knows that it has a duplicate.
create table dure.source (
  source text primary key,
  pos bigint not null,
  changed_at timestamptz not null default dure.now()
) with (fillfactor = 50);

-- Answers of operations that are idempotent by key, stored by the transaction that had the effect.
create table dure.idempotency (
  operation text not null,
  subject text not null,
  key text not null,
  input_hash text not null,
  answer jsonb, -- null: the operation answers nothing
  at timestamptz not null default dure.now(),
  primary key (operation, subject, key)
);
create index idempotency_at on dure.idempotency (at);

-- Claims a key for this transaction, without waiting: 'new', 'stored' (with hash and answer) or 'busy'.
create function dure.claim_key(
  for_operation text, for_subject text, for_key text,
  out state text, out input_hash text, out answer text
) language plpgsql as $$
begin
  if not pg_try_advisory_xact_lock(
    hashtextextended(for_operation || chr(1) || for_subject || chr(1) || for_key, 7003)) then
    state := 'busy';
    return;
  end if;
  -- A statement of its own, so that it sees what the lock's last holder committed.
  select 'stored', i.input_hash, i.answer::text into state, input_hash, answer
  from dure.idempotency i
  where i.operation = for_operation and i.subject = for_subject and i.key = for_key;
  state := coalesce(state, 'new');
end $$;

-- The log is append-only for whoever runs the service: the role that is named like the owner without "_owner".
do $$
declare
  runtime text := regexp_replace(current_user, '_owner$', '');
begin
  if runtime <> current_user and exists (select from pg_roles where rolname = runtime) then
    execute format('revoke update, delete on dure.log from %I', runtime);
  end if;
end $$;
