-- Sagas that wait for events, are held by an operator, or are steps of others; and what participants claim for them.

alter table dure.saga drop constraint saga_status_check;
alter table dure.saga add constraint saga_status_check
  check (status in ('open', 'ending', 'stuck', 'paused', 'finished'));
alter table dure.saga
  add column paused_at timestamptz,
  add column parent jsonb; -- the instance and step that this one is

-- What instances wait for at the moment: follows from their steps.
create table dure.saga_wait (
  saga_id uuid not null,
  event text not null,
  key text not null,
  primary key (event, key, saga_id)
);
create index saga_wait_saga on dure.saga_wait (saga_id);

-- Events that came for instances that wait, or soon will; the latest of each key.
create table dure.saga_arrival (
  event text not null,
  key text not null,
  data jsonb not null,
  at timestamptz not null,
  primary key (event, key)
) with (fillfactor = 70);
create index saga_arrival_at on dure.saga_arrival (at);

create function dure.note_saga_waits(of_saga uuid, waits jsonb) returns void language sql as $$
  delete from dure.saga_wait where saga_id = of_saga;
  insert into dure.saga_wait (saga_id, event, key)
  select distinct of_saga, w.event, w.key from jsonb_to_recordset(waits) as w(event text, key text);
$$;

create or replace function dure.begin_saga(saga jsonb, history jsonb) returns void language plpgsql as $$
begin
  if saga is null then
    return;
  end if;
  insert into dure.saga (
    id, name, version, shape, key, state, phase, status, input, steps, why, problem, ending,
    deadline_at, due_at, traceparent, correlation, started_at, finished_at, paused_at, parent)
  select
    s.id, s.name, s.version, s.shape, s.key, s.state, s.phase, s.status, s.input, s.steps, s.why, s.problem, s.ending,
    to_timestamp(s.deadline_at / 1000), to_timestamp(s.due_at / 1000), s.traceparent, s.correlation,
    to_timestamp(s.started_at / 1000), to_timestamp(s.finished_at / 1000), to_timestamp(s.paused_at / 1000), s.parent
  from jsonb_to_record(saga) as s(
    id uuid, name text, version int, shape text, key text, state text, phase text, status text, input jsonb,
    steps jsonb, why jsonb, problem text, ending jsonb, deadline_at double precision, due_at double precision,
    traceparent text, correlation text, started_at double precision, finished_at double precision,
    paused_at double precision, parent jsonb)
  on conflict (name, key) where finished_at is null do nothing;
  if not found then
    raise exception using errcode = 'DU002',
      message = format('the saga "%s" already runs for "%s"; it must end before another starts', saga ->> 'name', saga ->> 'key');
  end if;
  perform dure.note_saga_waits((saga ->> 'id')::uuid, saga -> 'waits');
  perform dure.note_saga((saga ->> 'id')::uuid, history);
end $$;

create or replace function dure.save_saga(saga jsonb, history jsonb) returns void language plpgsql as $$
begin
  update dure.saga t set
    state = s.state, phase = s.phase, status = s.status, steps = s.steps, why = s.why, problem = s.problem,
    ending = s.ending, deadline_at = to_timestamp(s.deadline_at / 1000), due_at = to_timestamp(s.due_at / 1000),
    finished_at = to_timestamp(s.finished_at / 1000), paused_at = to_timestamp(s.paused_at / 1000)
  from jsonb_to_record(saga) as s(
    id uuid, state text, phase text, status text, steps jsonb, why jsonb, problem text, ending jsonb,
    deadline_at double precision, due_at double precision, finished_at double precision, paused_at double precision)
  where t.id = s.id;
  perform dure.note_saga_waits((saga ->> 'id')::uuid, saga -> 'waits');
  perform dure.note_saga((saga ->> 'id')::uuid, history);
end $$;

-- Semantic locks: which saga holds what, in the database of the participant. Identifiers of sagas are UUIDv7, so the smaller
-- one is the older saga.
create table dure.claim (
  resource text primary key,
  saga_id uuid not null,
  step text not null,
  at timestamptz not null default dure.now()
);
create index claim_saga on dure.claim (saga_id);
create index claim_at on dure.claim (at);

-- Claims resources, sorted so that two that want the same ones do not wait for each other in the database. Returns the saga
-- that holds one of them, or null when all are claimed now.
create function dure.claim_resources(for_saga uuid, for_step text, resources text[]) returns uuid language plpgsql as $$
declare
  wanted text;
  holder uuid;
begin
  for wanted in select distinct r from unnest(resources) r order by r loop
    insert into dure.claim as c (resource, saga_id, step) values (wanted, for_saga, for_step)
    on conflict (resource) do update set at = c.at returning saga_id into holder;
    if holder <> for_saga then
      return holder;
    end if;
  end loop;
  return null;
end $$;
