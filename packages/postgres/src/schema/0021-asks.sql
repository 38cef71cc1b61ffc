-- Commands that this service asks of others, beside those that come to it from outside: whoever waits for the reply, in whichever
-- process, finds it here.
alter table dure.submission
  add column until timestamptz, -- when whoever waits gives up; null for a command from outside
  add column ask_key text; -- of a call with an Idempotency-Key: the same command again has the same
create unique index submission_ask on dure.submission (ask_key) where ask_key is not null;

-- Takes the place of an ask for this transaction: null when the command is to be sent under the new id, or the id of the one that was
-- sent before by the same key, and was not too late to be carried out.
create function dure.claim_ask(new_id uuid, of_type text, of_key text, gives_up timestamptz) returns uuid language plpgsql as $$
declare
  s dure.submission;
begin
  insert into dure.submission (id, type, sender, until, ask_key) values (new_id, of_type, '', gives_up, of_key)
  on conflict (ask_key) where ask_key is not null do nothing;
  if found then
    return null;
  end if;
  select * into strict s from dure.submission a where a.ask_key = of_key for update;
  if s.reply -> 'refusal' ->> 'code' = 'DeadlinePassed' then
    update dure.submission a set id = new_id, reply = null, until = gives_up where a.id = s.id;
    return null;
  end if;
  update dure.submission a set until = greatest(a.until, gives_up) where a.id = s.id;
  return s.id;
end $$;

-- Writes the reply to a command down: 'kept', 'late' when whoever waited has given up, or 'unasked'.
create function dure.settle_submission(of_id uuid, of_reply json) returns text language plpgsql as $$
declare
  gave_up timestamptz;
begin
  update dure.submission s set reply = of_reply where s.id = of_id returning s.until into gave_up;
  return case when not found then 'unasked' when gave_up < dure.now() then 'late' else 'kept' end;
end $$;
