-- Sagas: what the service that owns them knows of each, and what a participant has done about them.

-- One row an instance. It is locked while it changes; everything that happens to it is one transaction.
create table dure.saga (
  id uuid primary key,
  name text not null,
  version int not null,
  shape text not null, -- names, kinds and commands of the steps: an instance is pinned to version and shape
  key text not null,
  -- running, compensating, completed, compensated or needs-operator: derived, for whoever looks
  state text not null,
  phase text not null check (phase in ('forward', 'backward')),
  status text not null check (status in ('open', 'ending', 'stuck', 'finished')),
  input jsonb not null,
  steps jsonb not null, -- in the order of their first sending
  why jsonb, -- why it turned back
  problem text, -- why it is stuck
  ending jsonb,
  deadline_at timestamptz,
  due_at timestamptz, -- when something is to happen to it if nothing happens before
  traceparent text not null,
  correlation text not null,
  started_at timestamptz not null,
  finished_at timestamptz
) with (fillfactor = 70);
create unique index saga_open_key on dure.saga (name, key) where finished_at is null;
create index saga_due on dure.saga (due_at) where due_at is not null;
create index saga_state on dure.saga (state, id) where state not in ('completed', 'compensated');

-- What happened to each, for ever in order.
create table dure.saga_history (
  saga_id uuid not null,
  n bigint generated always as identity,
  at timestamptz not null,
  what text not null,
  step text,
  direction text,
  attempt int,
  detail text,
  primary key (saga_id, n)
);

-- Writes a new instance. Null is nothing: a start that was taken back.
create function dure.begin_saga(saga jsonb, history jsonb) returns void language plpgsql as $$
begin
  if saga is null then
    return;
  end if;
  insert into dure.saga (
    id, name, version, shape, key, state, phase, status, input, steps, why, problem, ending,
    deadline_at, due_at, traceparent, correlation, started_at, finished_at)
  select
    s.id, s.name, s.version, s.shape, s.key, s.state, s.phase, s.status, s.input, s.steps, s.why, s.problem, s.ending,
    to_timestamp(s.deadline_at / 1000), to_timestamp(s.due_at / 1000), s.traceparent, s.correlation,
    to_timestamp(s.started_at / 1000), to_timestamp(s.finished_at / 1000)
  from jsonb_to_record(saga) as s(
    id uuid, name text, version int, shape text, key text, state text, phase text, status text, input jsonb,
    steps jsonb, why jsonb, problem text, ending jsonb, deadline_at double precision, due_at double precision,
    traceparent text, correlation text, started_at double precision, finished_at double precision)
  on conflict (name, key) where finished_at is null do nothing;
  if not found then
    raise exception using errcode = 'DU002',
      message = format('the saga "%s" already runs for "%s"; it must end before another starts', saga ->> 'name', saga ->> 'key');
  end if;
  perform dure.note_saga((saga ->> 'id')::uuid, history);
end $$;

-- Writes what of an instance can change.
create function dure.save_saga(saga jsonb, history jsonb) returns void language plpgsql as $$
begin
  update dure.saga t set
    state = s.state, phase = s.phase, status = s.status, steps = s.steps, why = s.why, problem = s.problem,
    ending = s.ending, deadline_at = to_timestamp(s.deadline_at / 1000), due_at = to_timestamp(s.due_at / 1000),
    finished_at = to_timestamp(s.finished_at / 1000)
  from jsonb_to_record(saga) as s(
    id uuid, state text, phase text, status text, steps jsonb, why jsonb, problem text, ending jsonb,
    deadline_at double precision, due_at double precision, finished_at double precision)
  where t.id = s.id;
  perform dure.note_saga((saga ->> 'id')::uuid, history);
end $$;

create function dure.note_saga(of_saga uuid, history jsonb) returns void language sql as $$
  insert into dure.saga_history (saga_id, at, what, step, direction, attempt, detail)
  select of_saga, to_timestamp(h.at / 1000), h.what, h.step, h.direction, h.attempt, h.detail
  from rows from (
    jsonb_to_recordset(history) as (
      at double precision, what text, step text, direction text, attempt int, detail text)
  ) with ordinality as h(at, what, step, direction, attempt, detail, n)
  order by h.n
$$;

-- A participant's memory of steps: the answer to a command that is sent again is the same, a compensation that comes first
-- leaves a tombstone, and a command that comes after its compensation is refused.
create table dure.saga_fence (
  saga_id uuid not null,
  step text not null,
  do_reply jsonb,
  undo_reply jsonb,
  at timestamptz not null default dure.now(),
  primary key (saga_id, step)
) with (fillfactor = 70);
