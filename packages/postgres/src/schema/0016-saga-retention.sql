-- Finished sagas are forgotten by a time of their own, many in bounded batches, and found without looking at the unfinished.

create index saga_finished on dure.saga (finished_at) where finished_at is not null;

drop function dure.sweep_sagas(timestamptz, int);
-- Forgets sagas that ended before `before`, or before what `kept` says for their name (epoch milliseconds), and what participants remember of
-- steps from before `before`; at most so many of each at once. Returns how many of the one of which there were more.
create function dure.sweep_sagas(before timestamptz, most int, kept json default '{}') returns int language plpgsql as $$
declare
  latest timestamptz := greatest(before, (select max(to_timestamp(k.value::float8 / 1000)) from json_each_text(kept) k));
  old uuid[] := array(
    select s.id from dure.saga s
    where s.finished_at < latest and s.finished_at < coalesce(to_timestamp((kept ->> s.name)::float8 / 1000), before) limit most);
  steps int;
begin
  delete from dure.saga_history h where h.saga_id = any(old);
  delete from dure.saga s where s.id = any(old);
  delete from dure.saga_fence f where f.ctid = any(array(select o.ctid from dure.saga_fence o where o.at < before limit most));
  get diagnostics steps = row_count;
  return greatest(cardinality(old), steps);
end $$;
