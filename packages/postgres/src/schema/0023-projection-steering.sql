-- Who has a projection built anew, and who has paused that: { "by", "why", "at" }. A paused table is not brought up to date.
alter table dure.projection add column asked json, add column paused json;
