-- The end of a unit of work in a third less of the processor: a single message, the most frequent case, is inserted by its values, and a
-- message says itself which one of its stream's it is, so that nothing is numbered or sorted here.

-- Moves the head of a stream, which stays locked until the commit; returns the version before. DU001 when it is not where it is expected.
create function dure.move_head(of_stream text, expected text, by_count bigint) returns bigint language plpgsql as $$
declare
  v bigint;
begin
  if expected = 'any' then
    insert into dure.stream as s (stream, version) values (of_stream, by_count)
    on conflict (stream) do update set version = s.version + by_count returning s.version into v;
  elsif expected in ('none', '0') then
    insert into dure.stream (stream, version) values (of_stream, by_count)
    on conflict (stream) do nothing returning version into v;
  elsif expected = 'exists' then
    update dure.stream s set version = s.version + by_count where s.stream = of_stream returning s.version into v;
  else
    update dure.stream s set version = s.version + by_count
    where s.stream = of_stream and s.version = expected::bigint returning s.version into v;
  end if;
  if not found then
    raise exception using errcode = 'DU001',
      message = format('the stream "%s" is not at the expected version %s', of_stream, expected),
      detail = coalesce((select s.version from dure.stream s where s.stream = of_stream), 0)::text;
  end if;
  return v - by_count;
end $$;

-- In one call: heads, fence, rows. Returns the position of the last message.
-- heads: [{ "stream", "expected": "any" | "none" | "exists" | <version>, "count": <messages of that stream> }] or null
-- messages: [{ "id", "at" (epoch ms), "kind", "type", "version", "key", "dest", "stream", "n" (from 1, within its stream), "data", "meta" }]
create or replace function dure.flush(messages jsonb, heads jsonb default null) returns bigint language plpgsql as $$
declare
  h jsonb;
  m jsonb;
  only_base bigint;
  bases jsonb;
  last_pos bigint;
begin
  if jsonb_array_length(heads) = 1 then
    h := heads -> 0;
    only_base := dure.move_head(h ->> 'stream', h ->> 'expected', (h -> 'count')::bigint);
  elsif heads is not null then
    bases := '{}';
    for h in select e from jsonb_array_elements(heads) as e order by e ->> 'stream' collate "C" loop
      bases := bases
        || jsonb_build_object(h ->> 'stream', dure.move_head(h ->> 'stream', h ->> 'expected', (h -> 'count')::bigint));
    end loop;
  end if;
  perform dure.enter();
  if jsonb_array_length(messages) = 1 then
    m := messages -> 0;
    insert into dure.log (at, kind, type, version, id, key, dest, data, meta, stream, stream_version)
    values (
      to_timestamp((m -> 'at')::double precision / 1000), (m ->> 'kind')::"char", m ->> 'type', (m -> 'version')::int,
      (m ->> 'id')::uuid, m ->> 'key', m ->> 'dest', m -> 'data', m -> 'meta', m ->> 'stream', only_base + (m -> 'n')::bigint)
    returning pos into last_pos;
    return last_pos;
  end if;
  -- A function's rows are inserted in the order in which it returns them.
  insert into dure.log (at, kind, type, version, id, key, dest, data, meta, stream, stream_version)
  select
    to_timestamp(r.at / 1000), r.kind, r.type, r.version, r.id, r.key, r.dest, r.data, r.meta, r.stream,
    coalesce(only_base, (bases ->> r.stream)::bigint) + r.n
  from jsonb_to_recordset(messages) as r(
    id uuid, at double precision, kind "char", type text, version int, key text, dest text, stream text, n bigint,
    data jsonb, meta jsonb);
  return currval('dure.log_pos_seq');
end $$;
