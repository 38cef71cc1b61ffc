-- The log in partitions by position, so that what everybody has handled is dropped a partition at a time, without dead rows.

-- One row: how many positions a partition has, and the floor: everything up to it has been dropped.
create table dure.log_shape (
  one boolean primary key default true check (one),
  width bigint not null default 1000000 check (width > 0),
  floor bigint not null default 0
);
insert into dure.log_shape default values;

create table dure.log_partition (
  lower bigint primary key, -- included
  upper bigint not null unique, -- not included
  name text not null
);

-- How far the readers of other services have come: the position that each asked for last.
create table dure.log_reader (
  reader text primary key,
  pos bigint not null,
  asked_at timestamptz not null default dure.now()
) with (fillfactor = 50);

-- The log as it was becomes the first partition. The heads of streams are the authority for versions, so that no unique index
-- over all partitions is needed.
alter table dure.log rename to log_from_0;
alter index dure.log_pkey rename to log_from_0_pkey;
drop index dure.log_stream;
create table dure.log (
  pos bigint not null default nextval('dure.log_pos_seq'),
  at timestamptz not null,
  kind "char" not null constraint log_kind_check check (kind in ('e', 'c', 'r')),
  type text not null,
  version int not null,
  id uuid not null,
  key text not null,
  stream text,
  stream_version bigint,
  dest text,
  data jsonb not null,
  meta jsonb not null,
  constraint log_check check ((kind = 'e') = (dest is null)),
  constraint log_check1 check ((stream is null) = (stream_version is null)),
  primary key (pos)
) partition by range (pos);
create index log_stream on dure.log (stream, stream_version) where stream is not null;

do $$
declare
  top bigint := (select case when is_called then last_value else 0 end from dure.log_pos_seq);
  bound bigint := (select (top / width + 1) * width from dure.log_shape);
begin
  execute format('alter table dure.log attach partition dure.log_from_0 for values from (minvalue) to (%s)', bound);
  insert into dure.log_partition (lower, upper, name) values (0, bound, 'log_from_0');
end $$;

-- The service's role may insert and read, nothing else; of the partitions by themselves, only read.
create function dure.guard_log(of_table text) returns void language plpgsql as $$
declare
  runtime text := regexp_replace(current_user, '_owner$', '');
begin
  if runtime <> current_user and exists (select from pg_roles where rolname = runtime) then
    execute format('revoke all on dure.%I from %I', of_table, runtime);
    execute format('grant select%s on dure.%I to %I', case when of_table = 'log' then ', insert' else '' end, of_table, runtime);
  end if;
end $$;
select dure.guard_log('log'), dure.guard_log('log_from_0');

-- Keeps three empty partitions ahead of the last position. Any process calls it, as often as it likes; attaching keeps nobody from
-- writing or reading. Runs as the owner of the tables.
create function dure.roll_log() returns int language plpgsql
security definer set search_path = pg_catalog set lock_timeout = '200ms' as $$
declare
  top bigint := (select last_value from dure.log_pos_seq);
  wide bigint := (select width from dure.log_shape);
  edge bigint := (select max(upper) from dure.log_partition);
  made int := 0;
  fresh text;
begin
  if edge >= top + 3 * wide or not pg_try_advisory_xact_lock(7006, 0) then
    return 0;
  end if;
  edge := (select max(upper) from dure.log_partition);
  while edge < top + 3 * wide loop
    fresh := format('log_from_%s', edge);
    execute format('create table dure.%I (like dure.log including defaults including constraints including indexes)', fresh);
    execute format('alter table dure.log attach partition dure.%I for values from (%s) to (%s)', fresh, edge, edge + wide);
    perform dure.guard_log(fresh);
    insert into dure.log_partition (lower, upper, name) values (edge, edge + wide, fresh);
    edge := edge + wide;
    made := made + 1;
  end loop;
  return made;
end $$;
select dure.roll_log();

-- Drops the oldest partitions that are past every follower, every projection, every reader that is named, and the age, and hold no event of a
-- stream. A reader that has never asked holds everything. Returns how many were dropped.
create function dure.drop_log(before timestamptz, readers text[]) returns int language plpgsql
security definer set search_path = pg_catalog set lock_timeout = '200ms' as $$
declare
  past bigint;
  p record;
  keep boolean;
  dropped int := 0;
begin
  if not pg_try_advisory_xact_lock(7006, 0) then
    return 0;
  end if;
  past := least(
    (select safe from dure.fence_mark),
    (select min(l.pos) from dure.follower_lane l),
    (select min(v.pos) from dure.projection v where v.mode <> 'inline' or v.state <> 'active'),
    (select min(coalesce(r.pos, 0)) from unnest(readers) as n(reader) left join dure.log_reader r on r.reader = n.reader));
  for p in select * from dure.log_partition where upper - 1 <= past order by lower loop
    execute format(
      'select exists (select from dure.%1$I where stream is not null)
        or coalesce((select at >= $1 from dure.%1$I order by pos desc limit 1), false)', p.name)
    into keep using before;
    exit when keep;
    execute format('drop table dure.%I', p.name);
    delete from dure.log_partition where lower = p.lower;
    update dure.log_shape set floor = p.upper - 1;
    dropped := dropped + 1;
  end loop;
  return dropped;
end $$;

-- Notes how far a reader is, and returns the floor.
create function dure.note_reader(of_reader text, at_pos bigint) returns bigint language sql as $$
  insert into dure.log_reader as r (reader, pos) values (of_reader, at_pos)
  on conflict (reader) do update set pos = excluded.pos, asked_at = excluded.asked_at;
  select s.floor from dure.log_shape s
$$;

-- Forgets sagas that ended, and what participants remember of steps, long ago; at most so many of each at once.
create function dure.sweep_sagas(before timestamptz, most int) returns void language plpgsql as $$
declare
  old uuid[] := array(select s.id from dure.saga s where s.finished_at < before limit most);
begin
  delete from dure.saga_history h where h.saga_id = any(old);
  delete from dure.saga s where s.id = any(old);
  delete from dure.saga_fence f where f.ctid = any(array(
    select o.ctid from dure.saga_fence o where o.at < before limit most));
end $$;
