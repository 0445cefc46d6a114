-- Failed sign-ins at our own SFTP server, so that a lock-out outlasts a restart and holds for all servers. `who`
-- is a keyed hash of address and name: what somebody tried as a name may be a password.
CREATE TABLE sftp_failure (
    who       bytea PRIMARY KEY,
    failures  integer NOT NULL,
    failed_at timestamptz NOT NULL
);
CREATE INDEX sftp_failure_age ON sftp_failure (failed_at);
