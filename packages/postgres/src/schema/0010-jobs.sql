-- Jobs: which are known, and their runs.

create table dure.job (
  name text primary key,
  since timestamptz not null default dure.now(),
  last_due timestamptz -- the latest moment of its schedule for which there is a run
);

create table dure.job_run (
  id uuid primary key,
  n bigint not null generated always as identity,
  job text not null references dure.job,
  at timestamptz not null, -- the moment it is for
  by text, -- who asked; null: its schedule
  args jsonb not null,
  state text not null default 'waiting' check (state in ('waiting', 'running', 'done', 'failed', 'stopped')),
  progress jsonb,
  chunks int not null default 0,
  result jsonb,
  error text,
  failures int not null default 0,
  started_at timestamptz,
  finished_at timestamptz,
  owner text,
  epoch bigint not null default 0, -- grows with every change of owner; checked by the transaction of each chunk
  until timestamptz not null default '-infinity',
  retry_at timestamptz not null default '-infinity'
) with (fillfactor = 70);
create index job_run_open on dure.job_run (job) where state in ('waiting', 'running');
create index job_run_latest on dure.job_run (job, n);

create function dure.know_job(of_job text) returns timestamptz language plpgsql as $$
begin
  insert into dure.job (name) values (of_job) on conflict do nothing;
  return (select greatest(j.since, j.last_due) from dure.job j where j.name = of_job);
end $$;

-- The row of the job is the lock: for each moment there is one run, whichever process gets there first.
create function dure.add_due_run(of_job text, due timestamptz, run_id uuid) returns boolean language plpgsql as $$
begin
  update dure.job j set last_due = due where j.name = of_job and greatest(j.since, j.last_due) < due;
  if not found then
    return false;
  end if;
  insert into dure.job_run (id, job, at, args) values (run_id, of_job, due, '{}');
  return true;
end $$;

-- Of each job one run at a time, the oldest first.
create function dure.claim_job(of_jobs text[], by_owner text, lease interval) returns setof dure.job_run
language plpgsql as $$
declare
  one text;
  free uuid;
begin
  for one in
    select distinct r.job from dure.job_run r
    where r.job = any(of_jobs) and r.state in ('waiting', 'running') and r.retry_at <= dure.now() and r.until <= dure.now()
    order by r.job
  loop
    perform from dure.job j where j.name = one for update skip locked;
    continue when not found;
    continue when exists (
      select from dure.job_run r where r.job = one and r.state = 'running' and r.until > dure.now());
    select r.id into free from dure.job_run r
    where r.job = one and (r.state = 'waiting' and r.retry_at <= dure.now() or r.state = 'running' and r.until <= dure.now())
    order by r.at, r.n limit 1 for update skip locked;
    continue when free is null;
    return query update dure.job_run r
      set state = 'running', owner = by_owner, epoch = r.epoch + 1, until = dure.now() + lease,
        started_at = coalesce(r.started_at, dure.now())
      where r.id = free returning *;
    return;
  end loop;
end $$;

-- With the COMMIT of a chunk. It throws where the run has been lost, so that nothing is committed.
create function dure.step_job(run_id uuid, by_owner text, with_epoch bigint, lease interval, is_done boolean, value jsonb)
returns void language plpgsql as $$
declare
  of_job text;
begin
  update dure.job_run r set
    chunks = r.chunks + 1, failures = 0, error = null, until = dure.now() + lease,
    state = case when is_done then 'done' else r.state end,
    result = case when is_done then value end,
    progress = case when is_done then r.progress else value end,
    finished_at = case when is_done then dure.now() end
  where r.id = run_id and r.owner = by_owner and r.epoch = with_epoch and r.state = 'running'
  returning r.job into of_job;
  if not found then
    raise exception using errcode = 'DU004', message = format('%s does not work on the run %s any more', by_owner, run_id);
  end if;
  if is_done then -- the history keeps the latest 200 of each job
    delete from dure.job_run r where r.job = of_job and r.finished_at is not null and r.n <= (
      select h.n from dure.job_run h where h.job = of_job order by h.n desc offset 200 limit 1);
  end if;
end $$;
