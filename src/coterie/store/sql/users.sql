-- name: insert_person(account, email, password_hash, role, created_at)^
-- A taken address yields no row.
INSERT INTO person (account, email, password_hash, role, created_at)
VALUES (:account, :email, :password_hash, :role, :created_at)
ON CONFLICT (email) DO NOTHING
RETURNING id, account, email, role, created_at, disabled_at;

-- name: list_people(account)
-- The people of an account, oldest first.
SELECT id, account, email, role, created_at, disabled_at
FROM person WHERE account = :account ORDER BY id;

-- name: count_people()$
-- Whether the installation has had its first run.
SELECT count(*) FROM person;

-- name: lock_first_run()$
-- Two processes that start together must not both make the first person.
SELECT pg_advisory_xact_lock(4711010);

-- name: find_credentials(email)^
-- What sign-in has to check.
SELECT id, account, email, role, created_at, disabled_at,
       password_hash
FROM person WHERE email = :email;

-- name: take_attempt(person_id, now, locked_until, limit)^
-- An attempt is counted before the password is looked at, so guesses made in parallel cannot share
-- one. No row: locked. A lock that ran out starts the count again.
UPDATE person SET
    failed_count = CASE WHEN locked_until IS NULL THEN failed_count + 1 ELSE 1 END,
    locked_until = CASE
        WHEN locked_until IS NULL AND failed_count + 1 >= :limit
            THEN CAST(:locked_until AS timestamptz)
    END
WHERE id = :person_id AND (locked_until IS NULL OR locked_until <= :now)
RETURNING id;

-- name: clear_failures(person_id)!
-- A right password forgives the wrong ones before it.
UPDATE person SET failed_count = 0, locked_until = NULL
WHERE id = :person_id AND (failed_count > 0 OR locked_until IS NOT NULL);

-- name: set_password(person_id, password_hash)!
-- Also used when the hashing parameters have grown.
UPDATE person SET password_hash = :password_hash WHERE id = :person_id;

-- name: set_role(account, person_id, role)!
-- Read anew at each click, so that a smaller role is smaller at once.
UPDATE person SET role = :role WHERE account = :account AND id = :person_id;

-- name: set_disabled(account, person_id, disabled_at)!
-- A disabled person keeps the audit trail readable.
UPDATE person SET disabled_at = :disabled_at WHERE account = :account AND id = :person_id;

-- name: find_person(person_id)^
-- One person, whatever the account.
SELECT id, account, email, role, created_at, disabled_at
FROM person WHERE id = :person_id;

-- name: insert_session(token_hash, person_id, csrf_token, created_at, expires_at)!
-- Only a hash of the cookie is kept: a stolen database opens no session.
INSERT INTO console_session (token_hash, person_id, csrf_token, created_at, last_seen_at, expires_at)
VALUES (:token_hash, :person_id, :csrf_token, :created_at, :created_at, :expires_at);

-- name: find_session(token_hash, now, idle_since)^
-- A session ends at its time, after a while without a click, or when its person is disabled.
SELECT s.csrf_token, s.created_at, s.expires_at, s.person_id
FROM console_session s JOIN person p ON p.id = s.person_id
WHERE s.token_hash = :token_hash AND s.expires_at > :now AND s.last_seen_at > :idle_since
  AND p.disabled_at IS NULL;

-- name: touch_session(token_hash, now)!
-- A click keeps the session from idling out; once a minute is enough.
UPDATE console_session SET last_seen_at = :now
WHERE token_hash = :token_hash
  AND last_seen_at <= CAST(:now AS timestamptz) - interval '1 minute';

-- name: delete_session(token_hash)!
-- Signing out.
DELETE FROM console_session WHERE token_hash = :token_hash;

-- name: delete_sessions_of(person_id)!
-- A new password, or a disabled person, ends every session.
DELETE FROM console_session WHERE person_id = :person_id;

-- name: delete_ended_sessions(now)!
-- Keeps the table small; run at each sign-in.
DELETE FROM console_session WHERE expires_at <= :now;
