-- name: list_imported(job_id)
-- So that a file that was read is not even fetched again.
SELECT name, size, modified_at FROM import_file
WHERE job_id = :job_id AND state <> 'reading';

-- name: start_file(job_id, name, sha256, size, modified_at, now)^
-- A file whose import was cut off keeps its count of rows, and goes on from there.
INSERT INTO import_file (job_id, name, sha256, size, modified_at, state, started_at)
VALUES (:job_id, :name, :sha256, :size, :modified_at, 'reading', :now)
ON CONFLICT (job_id, name, sha256) DO UPDATE
SET size = EXCLUDED.size, modified_at = EXCLUDED.modified_at
RETURNING rows_done, rows_rejected, rows_skipped, state;

-- name: advance_file(job_id, name, sha256, rows_before, rows_done, rows_rejected, rows_skipped)!
-- In the transaction that writes the rows' events. Changes nothing if another run was here since,
-- as can be when the connection that held the job's lock was lost.
UPDATE import_file SET rows_done = :rows_done, rows_rejected = :rows_rejected,
                       rows_skipped = :rows_skipped
WHERE job_id = :job_id AND name = :name AND sha256 = :sha256 AND rows_done = :rows_before
  AND state = 'reading';

-- name: finish_file(job_id, name, sha256, state, failure, row_hashes, now)!
-- Done, or failed: neither is read again unless its bytes change.
UPDATE import_file SET state = :state, failure = :failure, row_hashes = :row_hashes,
                       finished_at = :now
WHERE job_id = :job_id AND name = :name AND sha256 = :sha256;

-- name: reopen_failed(job_id)!
-- With other options they may be readable. They go on where they came to.
UPDATE import_file SET state = 'reading', failure = NULL, finished_at = NULL
WHERE job_id = :job_id AND state = 'failed';

-- name: forget_hashes(job_id, name, sha256)!
-- The next file is compared with this one alone.
UPDATE import_file SET row_hashes = NULL
WHERE job_id = :job_id AND row_hashes IS NOT NULL AND NOT (name = :name AND sha256 = :sha256);

-- name: find_hashes(job_id)^
-- Of the rows of the last file that was read whole.
SELECT row_hashes FROM import_file
WHERE job_id = :job_id AND state = 'done' AND row_hashes IS NOT NULL
ORDER BY finished_at DESC LIMIT 1;

-- name: list_files(job_id)
-- Newest first.
SELECT name, size, encode(sha256, 'hex'), modified_at, rows_done, rows_rejected, rows_skipped, state,
       failure, started_at, finished_at
FROM import_file WHERE job_id = :job_id ORDER BY started_at DESC, name LIMIT 200;

-- name: keep_rejects(job_id, name, sha256, numbers, lines, columns, reasons, raws, now)!
-- With the rows' checkpoint, so that a killed import keeps each once.
INSERT INTO import_reject (job_id, name, sha256, row_number, line, column_name, reason, raw, kept_at)
SELECT :job_id, :name, :sha256, r.number, r.line, r.column_name, r.reason, r.raw, CAST(:now AS timestamptz)
FROM unnest(CAST(:numbers AS bigint[]), CAST(:lines AS bigint[]), CAST(:columns AS text[]),
            CAST(:reasons AS text[]), CAST(:raws AS bytea[]))
     AS r (number, line, column_name, reason, raw)
ON CONFLICT DO NOTHING;

-- name: list_rejects(job_id, after, limit)
-- In the order in which they were kept, which is that of a file's rows.
SELECT name, line, column_name, reason, raw, id FROM import_reject
WHERE job_id = :job_id AND id > :after ORDER BY id LIMIT :limit;

-- name: first_reject(job_id, sha256)
-- Where whoever reads the log of a job should look first.
SELECT name, line, column_name FROM import_reject
WHERE job_id = :job_id AND sha256 = :sha256 ORDER BY row_number LIMIT 1;

-- name: rejects_after(account, after, limit)
-- For who looks through the rows of all jobs of an account.
SELECT r.id, r.raw FROM import_reject r JOIN job j ON j.id = r.job_id
WHERE j.account = :account AND r.id > :after ORDER BY r.id LIMIT :limit;

-- name: drop_rejects(ids)!
-- What is to be forgotten.
DELETE FROM import_reject WHERE id = ANY (CAST(:ids AS bigint[]));

-- name: forget_rejects(before, count)!
-- The oldest first, in chunks, as rejected events are forgotten.
DELETE FROM import_reject WHERE id IN (
    SELECT id FROM import_reject WHERE kept_at < :before ORDER BY id LIMIT :count
);

-- name: count_backlog()$
-- Events that no worker has taken yet: sequence numbers have no gaps.
SELECT COALESCE(sum(lane_head.seq - lane.cursor_seq), 0)
FROM lane JOIN lane_head ON lane_head.lane = lane.lane;
