create table account (
  user_id uuid primary key,
  email text not null,
  name text not null,
  -- scrypt, as a PHC string
  password_hash text not null,
  roles text[] not null,
  registered_at timestamptz not null default dure.now()
);
create unique index account_email on account (lower(email));
