-- Where a file lies that a job has written, without slashes around it, so that no file of somebody else is replaced.
-- What was written before lies in the folder that its job names now.
ALTER TABLE export_file ADD COLUMN folder text NOT NULL DEFAULT '';
UPDATE export_file f SET folder = btrim(j.config->>'folder', '/')
FROM job j WHERE j.id = f.job_id AND j.config->>'folder' IS NOT NULL;
