-- Configurations in a table, and who changed what and when.

create table dure.config_value (
  application text not null,
  profile text not null default '', -- '': of every profile
  label text not null default '', -- '': under every label
  key text not null,
  value jsonb not null check (jsonb_typeof(value) in ('string', 'number', 'boolean')),
  primary key (application, profile, label, key)
);

create table dure.config_change (
  n bigint primary key generated always as identity,
  application text not null,
  profile text not null,
  label text not null,
  key text not null,
  before jsonb, -- null: there was none
  after jsonb, -- null: removed
  by text not null,
  at timestamptz not null default dure.now()
);
create index config_change_of on dure.config_change (application, n);

-- One value, and its line in the history; whether it differs from what was there. Changes are made one after the other, so
-- that whoever has seen a number has seen every lower one.
create function dure.set_config(of_application text, of_profile text, of_label text, of_key text, to_value jsonb, by_whom text)
returns boolean language plpgsql as $$
declare
  was jsonb;
begin
  perform pg_advisory_xact_lock(hashtext('dure.config'));
  select c.value into was from dure.config_value c
  where c.application = of_application and c.profile = of_profile and c.label = of_label and c.key = of_key;
  if was is not distinct from to_value then
    return false;
  end if;
  if to_value is null then
    delete from dure.config_value c
    where c.application = of_application and c.profile = of_profile and c.label = of_label and c.key = of_key;
  else
    insert into dure.config_value (application, profile, label, key, value)
    values (of_application, of_profile, of_label, of_key, to_value)
    on conflict (application, profile, label, key) do update set value = excluded.value;
  end if;
  insert into dure.config_change (application, profile, label, key, before, after, by)
  values (of_application, of_profile, of_label, of_key, was, to_value, by_whom);
  return true;
end $$;
