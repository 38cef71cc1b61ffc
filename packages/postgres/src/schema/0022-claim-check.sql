-- Data that are too large to travel in their messages: by their hash, so that the same are there once, in chunks, so that they can be
-- read as they are sent. They are dropped with the messages that claim them.
create table dure.payload (
  sha256 text primary key,
  bytes bigint not null,
  used_at timestamptz not null default dure.now() -- by the last message that claims it
);
create table dure.payload_chunk (
  sha256 text not null references dure.payload on delete cascade,
  n int not null,
  chunk text not null, -- compressed by PostgreSQL, as any long text
  primary key (sha256, n)
);
create index log_claim on dure.log ((meta -> 'claim' ->> 'sha256')) where meta ? 'claim';

-- Whether data are new; the row stays locked until the commit, so that nobody sweeps what is about to be claimed.
create function dure.keep_payload(of_sha256 text, of_bytes bigint) returns boolean language plpgsql as $$
begin
  insert into dure.payload (sha256, bytes) values (of_sha256, of_bytes) on conflict do nothing;
  if found then
    return true;
  end if;
  update dure.payload p set used_at = dure.now() where p.sha256 = of_sha256;
  if not found then -- it was swept in between
    insert into dure.payload (sha256, bytes) values (of_sha256, of_bytes);
    return true;
  end if;
  return false;
end $$;

-- The data of a message, wherever they are.
create function dure.whole_data(data jsonb, meta jsonb) returns jsonb language sql stable as $$
  select case when meta ? 'claim' then (
    select string_agg(c.chunk, '' order by c.n)::jsonb from dure.payload_chunk c where c.sha256 = meta -> 'claim' ->> 'sha256')
  else data end
$$;

-- Drops what no message of the log and no timer claims, if it was not used since; at most so many at once.
create function dure.sweep_payloads(before timestamptz, most int) returns int language plpgsql as $$
declare
  dropped int;
begin
  delete from dure.payload p where p.sha256 in (
    select o.sha256 from dure.payload o
    where o.used_at < before
      and not exists (select from dure.log l where l.meta ? 'claim' and l.meta -> 'claim' ->> 'sha256' = o.sha256)
      and not exists (select from dure.timer t where t.message -> 'meta' -> 'claim' ->> 'sha256' = o.sha256)
    order by o.used_at limit most for update skip locked);
  get diagnostics dropped = row_count;
  return dropped;
end $$;
