-- name: start_written(job_id, name, folder, now)!
-- A run that begins again writes the same file; in another folder it takes the place of none.
INSERT INTO export_file (job_id, name, folder, state, started_at)
VALUES (:job_id, :name, :folder, 'writing', :now)
ON CONFLICT (job_id, name) DO UPDATE
SET state = 'writing', started_at = EXCLUDED.started_at, finished_at = NULL, folder = EXCLUDED.folder,
    sha256 = CASE WHEN export_file.folder = EXCLUDED.folder THEN export_file.sha256 END;

-- name: has_written(account, authorization_id, folder, name)
-- Whether a file is one of ours, which may be replaced; the job that wrote it may be gone.
SELECT EXISTS (
    SELECT FROM export_file f JOIN job j ON j.id = f.job_id
    WHERE j.account = :account AND j.authorization_id IS NOT DISTINCT FROM :authorization_id::bigint
      AND f.folder = :folder AND f.name = :name AND f.sha256 IS NOT NULL
);

-- name: drop_unfinished(job_id, name)!
-- Of a run that goes on under another name since its job was changed.
DELETE FROM export_file
WHERE job_id = :job_id AND name = :name AND state = 'writing' AND sha256 IS NULL;

-- name: restore_earlier(job_id, name)!
-- The file of an earlier run lies there still; when that was written is no longer known.
UPDATE export_file SET state = 'done'
WHERE job_id = :job_id AND name = :name AND state = 'writing';

-- name: finish_written(job_id, name, people, left_out, size, sha256, now)!
-- With the end of the run, once the file has its name at the receiver.
UPDATE export_file SET state = 'done', people = :people, left_out = :left_out, size = :size,
                       sha256 = :sha256, finished_at = :now
WHERE job_id = :job_id AND name = :name;

-- name: list_written(job_id)
-- Newest first.
SELECT name, state, people, left_out, size, COALESCE(encode(sha256, 'hex'), ''), started_at, finished_at
FROM export_file WHERE job_id = :job_id ORDER BY started_at DESC, name LIMIT 200;
