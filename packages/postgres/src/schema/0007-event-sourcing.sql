-- Event-sourced state: what streams amount to, kept so that their events need not be read again.

create table dure.snapshot (
  stream text primary key,
  version bigint not null, -- of the last event in it
  code_version int not null, -- of the aggregate that made it; of another one it is not read
  state jsonb not null
) with (fillfactor = 70);

-- Snapshots of a commit, in the packet of the COMMIT behind the flush: [{ "stream", "version", "code_version", "state" }].
-- An older release does not replace what a newer one keeps.
create function dure.save_snapshots(snapshots jsonb) returns void language sql as $$
  insert into dure.snapshot as s (stream, version, code_version, state)
  select distinct on (n.stream) n.stream, n.version, n.code_version, n.state
  from jsonb_to_recordset(snapshots) as n(stream text, version bigint, code_version int, state jsonb)
  order by n.stream, n.version desc
  on conflict (stream) do update
  set version = excluded.version, code_version = excluded.code_version, state = excluded.state
  where s.code_version < excluded.code_version
    or s.code_version = excluded.code_version and s.version < excluded.version
$$;

-- Streams as they are, in one journey: a row for each snapshot (without a type), then at most `page` events behind it.
create function dure.read_streams(streams text[], code int, page int)
returns table (stream text, version bigint, type text, schema_version int, data jsonb)
language sql stable as $$
  select s.stream, s.version, null::text, null::int, s.state
  from dure.snapshot s where s.stream = any (streams) and s.code_version = code
  union all
  select q.stream, e.stream_version, e.type, e.version, e.data
  from unnest(streams) as q(stream)
  left join dure.snapshot s on s.stream = q.stream and s.code_version = code
  cross join lateral (
    select l.stream_version, l.type, l.version, l.data from dure.log l
    where l.stream = q.stream and l.stream_version > coalesce(s.version, 0)
    order by l.stream_version limit page
  ) e
  order by 1, 2
$$;

-- Projections: tables that are made of events, for reading. Each version, and each rebuild of one, is a table of its own
-- beside the others; the view that is named like the projection shows the active one.
create table dure.projection (
  name text not null,
  version int not null,
  run int not null, -- which rebuild of the version
  mode text not null check (mode in ('inline', 'async')),
  -- building: follows the log, not shown; active: shown; retired: follows the log until it is dropped
  state text not null check (state in ('building', 'active', 'retired')),
  table_name text not null,
  pos bigint not null, -- what of the log is in it, but for an active inline one, which is always up to date
  changed_at timestamptz not null default dure.now(),
  primary key (name, version, run)
) with (fillfactor = 50);
create unique index projection_active on dure.projection (name) where state = 'active';

-- The gate of a projection. Whoever appends an event of an inline one holds it together with the other appenders until the
-- commit; who switches versions holds it alone, and so sees everything that was appended before.
create function dure.projection_gate(of_name text) returns int language sql immutable as $$ select hashtext(of_name) $$;

-- Opens rows for an inline change: gate, locks of the rows (also of those that do not exist), rows. Each statement sees
-- what the one before waited for. The first row returned has no id and tells the table.
create function dure.open_rows(of_name text, of_version int, id_column text, ids text[])
returns table (id text, content jsonb, in_table text) language plpgsql as $$
declare
  p dure.projection;
begin
  perform pg_advisory_xact_lock_shared(7004, dure.projection_gate(of_name));
  select * into p from dure.projection c where c.name = of_name and c.state = 'active';
  if p.version is distinct from of_version then
    raise exception using errcode = 'DU003',
      message = format('the projection "%s" of version %s is not active', of_name, of_version),
      detail = coalesce(p.version, 0)::text;
  end if;
  perform pg_advisory_xact_lock(hashtextextended(of_name || chr(1) || k, 7005))
    from (select k from unnest(ids) as k order by k collate "C") as sorted;
  return query select null::text, null::jsonb, p.table_name;
  return query execute format('select t.%I, to_jsonb(t), null::text from public.%I t where t.%I = any ($1)',
    id_column, p.table_name, id_column) using ids;
end $$;

-- The run-time role defines no tables; these functions do it in the owner's name, for projections only.
-- columns: [{ "name", "type", "nullable" }]. Returns false when the table is there already.
create function dure.make_projection(
  of_name text, of_version int, of_run int, of_mode text, id_column text, columns jsonb, indexes text[]
) returns boolean language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  named text := replace(of_name, '-', '_') || '__v' || of_version || case when of_run > 1 then 'r' || of_run else '' end;
  defined text;
begin
  if of_name !~ '^[a-z][a-z0-9-]{0,39}$' or exists (
    select from jsonb_to_recordset(columns) as c(type text)
    where c.type not in ('text', 'bigint', 'double precision', 'boolean', 'jsonb')) then
    raise exception 'a projection cannot be made like this';
  end if;
  perform pg_advisory_xact_lock(7004, dure.projection_gate(of_name));
  if exists (select from dure.projection p where (p.name, p.version, p.run) = (of_name, of_version, of_run)) then
    return false;
  end if;
  select string_agg(format('%I %s %s', c.name, c.type, case when c.nullable then '' else 'not null' end), ', ' order by c.n)
  into defined
  from rows from (jsonb_to_recordset(columns) as (name text, type text, nullable boolean))
    with ordinality as c(name, type, nullable, n);
  execute format('create table public.%I (%s, primary key (%I)) with (fillfactor = 80)', named, defined, id_column);
  for i in 1 .. coalesce(array_length(indexes, 1), 0) loop
    execute format('create index on public.%I (%I)', named, indexes[i]);
  end loop;
  insert into dure.projection (name, version, run, mode, state, table_name, pos)
  values (of_name, of_version, of_run, of_mode, 'building', named, 0);
  return true;
end $$;

-- Shows another table under the projection's name. The caller holds the gate alone and has brought it up to date.
create function dure.switch_projection(of_name text, of_version int, of_run int, at_pos bigint)
returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  shown text := replace(of_name, '-', '_');
  target text;
begin
  update dure.projection p set state = 'retired', changed_at = dure.now(),
    pos = case when p.mode = 'inline' then at_pos else p.pos end
  where p.name = of_name and p.state = 'active';
  update dure.projection p set state = 'active', changed_at = dure.now(), pos = at_pos
  where (p.name, p.version, p.run) = (of_name, of_version, of_run) returning p.table_name into strict target;
  begin
    execute format('create or replace view public.%I as select * from public.%I', shown, target);
  exception when invalid_table_definition then -- other columns
    execute format('drop view public.%I', shown);
    execute format('create view public.%I as select * from public.%I', shown, target);
  end;
end $$;

-- Drops a table that is not shown.
create function dure.drop_projection(of_name text, of_version int, of_run int)
returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  target text;
begin
  delete from dure.projection p
  where (p.name, p.version, p.run) = (of_name, of_version, of_run) and p.state <> 'active'
  returning p.table_name into target;
  if found then
    execute format('drop table public.%I', target);
  end if;
end $$;
