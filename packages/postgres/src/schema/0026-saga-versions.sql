-- A running saga can be moved to a later version of its definition: then its version, shape and input are written, too.
create or replace function dure.save_saga(saga jsonb, history jsonb) returns void language plpgsql as $$
begin
  update dure.saga t set
    state = s.state, phase = s.phase, status = s.status, steps = s.steps, why = s.why, problem = s.problem,
    ending = s.ending, deadline_at = to_timestamp(s.deadline_at / 1000), due_at = to_timestamp(s.due_at / 1000),
    finished_at = to_timestamp(s.finished_at / 1000), paused_at = to_timestamp(s.paused_at / 1000),
    version = coalesce(s.version, t.version), shape = coalesce(s.shape, t.shape), input = coalesce(s.input, t.input)
  from jsonb_to_record(saga) as s(
    id uuid, state text, phase text, status text, steps jsonb, why jsonb, problem text, ending jsonb,
    deadline_at double precision, due_at double precision, finished_at double precision, paused_at double precision,
    version int, shape text, input jsonb)
  where t.id = s.id;
  perform dure.note_saga_waits((saga ->> 'id')::uuid, saga -> 'waits');
  perform dure.note_saga((saga ->> 'id')::uuid, history);
end $$;
