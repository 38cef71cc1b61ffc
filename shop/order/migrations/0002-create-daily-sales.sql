-- What was sold on each day, in Seoul; written by the job `close-day`.
create table daily_sales (
  day date primary key,
  orders bigint not null,
  total bigint not null -- won
);
