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
