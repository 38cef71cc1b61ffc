-- Messages that are put off. The timers of sagas are not here: they belong to their instances.

create table dure.timer (
  name text primary key,
  due_at timestamptz not null,
  message jsonb not null -- as dure.flush takes it
) with (fillfactor = 80);
create index timer_due on dure.timer (due_at);

-- With the COMMIT of a unit of work. timers: [{ "name", "due_at" (epoch ms), "message": without it the timer is withdrawn }]
create function dure.set_timers(timers jsonb) returns void language sql as $$
  delete from dure.timer t
  using jsonb_to_recordset(timers) as s(name text, message jsonb) where t.name = s.name and s.message is null;
  insert into dure.timer as t (name, due_at, message)
  select s.name, to_timestamp(s.due_at / 1000), s.message
  from jsonb_to_recordset(timers) as s(name text, due_at double precision, message jsonb)
  where s.message is not null order by s.name
  on conflict (name) do update set due_at = excluded.due_at, message = excluded.message
$$;

-- Writes the messages that are due into the log, the earliest first, and deletes their timers.
create function dure.fire_timers(most int, out fired int, out next_at timestamptz) language plpgsql as $$
declare
  messages jsonb;
begin
  with due as (
    delete from dure.timer t where t.name in (
      select d.name from dure.timer d where d.due_at <= dure.now() order by d.due_at limit most for update skip locked)
    returning t.due_at, t.name, t.message)
  select count(*), jsonb_agg(
    d.message || jsonb_build_object('at', extract(epoch from dure.now()) * 1000) order by d.due_at, d.name)
  into fired, messages from due d;
  if fired > 0 then
    perform dure.flush(messages);
  end if;
  select min(t.due_at) into next_at from dure.timer t;
end $$;
