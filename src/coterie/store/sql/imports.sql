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
RETURNING rows_done, rows_rejected, state;

-- name: advance_file(job_id, name, sha256, rows_before, rows_done, rows_rejected)!
-- In the transaction that writes the rows' events. Changes nothing if another run was here since,
-- as can be when the connection that held the job's lock was lost.
UPDATE import_file SET rows_done = :rows_done, rows_rejected = :rows_rejected
WHERE job_id = :job_id AND name = :name AND sha256 = :sha256 AND rows_done = :rows_before
  AND state = 'reading';

-- name: finish_file(job_id, name, sha256, state, now)!
-- Done, or failed: neither is read again unless its bytes change.
UPDATE import_file SET state = :state, finished_at = :now
WHERE job_id = :job_id AND name = :name AND sha256 = :sha256;

-- name: list_files(job_id)
-- Newest first.
SELECT name, size, modified_at, rows_done, rows_rejected, state, started_at, finished_at
FROM import_file WHERE job_id = :job_id ORDER BY started_at DESC, name LIMIT 200;

-- name: count_backlog()$
-- Events that no worker has taken yet: sequence numbers have no gaps.
SELECT COALESCE(sum(lane_head.seq - lane.cursor_seq), 0)
FROM lane JOIN lane_head ON lane_head.lane = lane.lane;
