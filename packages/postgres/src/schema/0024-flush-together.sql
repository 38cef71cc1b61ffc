-- Units of work that consist of their messages alone, committed together: as dure.flush for each, but that one unit which does not fit leaves
-- nothing and disturbs none of the others. For each unit, from 1: the stream whose head it moves, or null; its expected version; how many messages
-- of it there are. messages: as for dure.flush, and "u", the unit of each.
-- at: the position of the last message. missed: [{ "u", "version" }] of units whose stream is not where it is expected. busy: the units of streams
-- whose heads others hold: nobody waits for them here.
create function dure.flush_together(
  messages jsonb, streams text[], expected text[], counts bigint[],
  out at bigint, out missed jsonb, out busy int[]
) language plpgsql as $$
declare
  held text[];
  bases bigint[];
begin
  -- A head that another transaction is only about to create cannot be passed by; whoever flushes alone waits for it.
  perform set_config('lock_timeout', '20', true);
  with locked as materialized (select s.stream from dure.stream s where s.stream = any (streams) for update skip locked)
  select array_agg(s.stream) into held from dure.stream s
  where s.stream = any (streams) and not exists (select from locked l where l.stream = s.stream);

  with unit as materialized (
    select t.*, coalesce(t.stream = any (held), false) as is_held
    from unnest(streams, expected, counts) with ordinality as t(stream, expected, n, u)
  ), put as (
    insert into dure.stream as s (stream, version)
    select unit.stream, unit.n from unit
    where not unit.is_held and unit.expected in ('any', 'none', '0') order by unit.stream collate "C"
    on conflict (stream) do update set version = s.version + excluded.version
    where s.stream in (select unit.stream from unit where unit.expected = 'any')
    returning s.stream, s.version
  ), moved as (
    update dure.stream s set version = s.version + unit.n from unit
    where s.stream = unit.stream and not unit.is_held and unit.expected not in ('any', 'none', '0')
    and (unit.expected = 'exists' or s.version = case when unit.expected <> 'exists' then unit.expected::bigint end)
    returning s.stream, s.version
  )
  select array_agg(case when unit.stream is null then 0 else coalesce(put.version, moved.version) - unit.n end order by unit.u)
  into bases
  from unit left join put on put.stream = unit.stream left join moved on moved.stream = unit.stream;

  if array_position(bases, null) is not null then
    select
      jsonb_agg(jsonb_build_object('u', t.u, 'version', coalesce(s.version, 0))) filter (where held is null or t.stream <> all (held)),
      array_agg(t.u) filter (where t.stream = any (held))
    into missed, busy
    from unnest(streams) with ordinality as t(stream, u) left join dure.stream s on s.stream = t.stream
    where bases[t.u] is null and t.stream is not null;
  end if;

  perform dure.enter();
  insert into dure.log (at, kind, type, version, id, key, dest, data, meta, stream, stream_version)
  select
    to_timestamp(r.at / 1000), r.kind, r.type, r.version, r.id, r.key, r.dest, r.data, r.meta, r.stream, bases[r.u] + r.n
  from jsonb_to_recordset(messages) as r(
    u int, id uuid, at double precision, kind "char", type text, version int, key text, dest text, stream text, n bigint,
    data jsonb, meta jsonb)
  where bases[r.u] is not null;
  if found then at := currval('dure.log_pos_seq'); end if;
end $$;
