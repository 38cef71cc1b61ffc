create table shelf (
  sku text primary key,
  left_over bigint not null,
  expected bigint not null default 0
);
insert into shelf (sku, left_over) values ('tea', 10), ('cup', 10), ('ghost', 10);
