-- The fence, exactly. Two things could let a reader pass by a message:
--
-- * `select last_value from <sequence>` reads a sequence as a table, without its lock. One call of nextval in 32 writes the state that is right
--   after a crash first, 32 ahead, and then the present one; who reads in between sees positions that nobody has drawn, and a mark taken there
--   covers writers that enter later. `pg_sequence_last_value` reads under the lock.
-- * Numbers of a sequence are not given back: of a run that closed an epoch and was undone (its session ended, its statement was cancelled) nobody
--   remembered that writers of that epoch are to be waited for. `drained` is the last epoch of which nobody is left, and each after it is looked at.
alter table dure.fence_mark add column drained bigint;
update dure.fence_mark
set drained = coalesce((select min(epoch) from dure.fence_closed), pg_sequence_last_value('dure.epoch')) - 1;
alter table dure.fence_mark alter column drained set not null;

create or replace function dure.enter() returns void language plpgsql as $$
declare
  e bigint := pg_sequence_last_value('dure.epoch');
  again bigint;
begin
  loop
    perform pg_advisory_xact_lock_shared(7001, (e % 2147483647)::int);
    again := pg_sequence_last_value('dure.epoch');
    exit when again = e; -- the epoch moved while we were locking: lock the new one too
    e := again;
  end loop;
end $$;

-- The order of steps 1 and 2 is what the proof rests on; see 0001.
create or replace function dure.advance() returns bigint language plpgsql as $$
declare
  hi bigint;
  e bigint;
  r record;
  s bigint;
  d bigint;
begin
  if not pg_try_advisory_xact_lock(7002, 0) then -- somebody else is advancing
    return (select safe from dure.fence_mark);
  end if;
  select safe, drained into s, d from dure.fence_mark;
  -- 1. First the high mark …
  hi := coalesce(pg_sequence_last_value('dure.log_pos_seq'), 0);
  if hi > s and (select count(*) from dure.fence_closed) < 64 then
    e := nextval('dure.epoch') - 1; -- 2. … then close the epoch.
    insert into dure.fence_closed (epoch, hi) values (e, hi);
  end if;
  <<closed>>
  for r in select c.epoch, c.hi from dure.fence_closed c order by c.epoch loop
    while d < r.epoch loop
      exit closed when not pg_try_advisory_xact_lock(7001, ((d + 1) % 2147483647)::int);
      d := d + 1;
    end loop;
    delete from dure.fence_closed where epoch = r.epoch; -- 3. Nobody of that epoch, or of one before it, is left.
    s := r.hi;
  end loop;
  update dure.fence_mark set safe = s, drained = d where safe < s;
  return s;
end $$;
