-- Who is omitted is found anew when a job changes, and who is found again is omitted as long as before.
ALTER TABLE omission ADD COLUMN questioned boolean NOT NULL DEFAULT false;
