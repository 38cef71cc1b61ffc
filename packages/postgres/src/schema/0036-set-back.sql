-- Sets streams of a source whose log was restored back to a position at most, and forgets the eras in which they were read: each that is still
-- in the era that is named beside it (null: in none). How many were; what they were stays among the actions. A source that is paused goes on.
create function dure.set_back(of_source text, streams text[], eras text[], to_pos bigint, who json) returns bigint
language plpgsql as $$
declare
  before json;
  many bigint;
begin
  perform from dure.source s where s.source = of_source or s.source = any (streams) order by s.source for update;
  select json_agg(json_build_object('stream', s.source, 'position', s.pos, 'era', s.era) order by s.source), count(*)
  into before, many
  from dure.source s join unnest(streams, eras) as w(stream, era) on s.source = w.stream and s.era is not distinct from w.era;
  if many = 0 then
    return 0;
  end if;
  update dure.source s set pos = least(s.pos, to_pos), era = null, changed_at = dure.now()
  from unnest(streams, eras) as w(stream, era) where s.source = w.stream and s.era is not distinct from w.era;
  perform dure.note_action('set-back', of_source, null, null, who, json_build_object('after', to_pos, 'streams', before));
  if exists (select from dure.source s where s.source = of_source and s.paused is not null) then
    perform dure.pause_source(of_source, who, false);
  end if;
  return many;
end $$;
