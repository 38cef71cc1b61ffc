create table trip (
  trip_id text primary key,
  state text not null
);
