-- The key of each subject's personal data, encrypted by the service's key. To forget somebody is to destroy it: whatever it
-- encrypts (the log, snapshots, parked messages, archives) reads as masked from then on.
create table dure.subject_key (
  subject text primary key,
  wrapped text, -- null: destroyed, and never made again
  made_at timestamptz not null default dure.now(),
  forgotten_at timestamptz
);
