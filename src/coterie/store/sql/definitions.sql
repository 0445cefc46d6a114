-- name: fence_exclusive(fence)$
-- Waits for the batches under way, and holds the next ones until the change is committed.
SELECT pg_advisory_xact_lock(:fence);

-- name: fence_shared(fence)$
-- A batch runs under one set of definitions from start to commit.
SELECT pg_advisory_xact_lock_shared(:fence);

-- name: bump_epoch()$
-- Workers compare this number to know that they must load the definitions again.
UPDATE config_epoch SET epoch = epoch + 1 RETURNING epoch;

-- name: current_epoch()$
-- One row by its constraint.
SELECT epoch FROM config_epoch;

-- name: insert_stream(account, name, trusted, intake, created_at)!
-- Safe to run again.
INSERT INTO stream (account, name, trusted, intake, created_at)
VALUES (:account, :name, :trusted, CAST(:intake AS jsonb), :created_at)
ON CONFLICT (account, name) DO NOTHING;

-- name: set_trusted(account, name, trusted)^
-- Whether its events may say when they happened.
UPDATE stream SET trusted = :trusted WHERE account = :account AND name = :name
RETURNING account, name, trusted, created_at;

-- name: list_streams(account)
-- By name.
SELECT account, name, trusted, created_at FROM stream WHERE account = :account ORDER BY name;

-- name: list_all_streams()
-- For the pipeline configuration.
SELECT account, name, trusted, created_at FROM stream WHERE trusted ORDER BY account, name;

-- name: find_intake(account, name)^
-- For the door, and to show it.
SELECT account, name, intake, secret_sealed FROM stream WHERE account = :account AND name = :name;

-- name: set_intake(account, name, intake)!
-- All rules at once.
UPDATE stream SET intake = CAST(:intake AS jsonb) WHERE account = :account AND name = :name;

-- name: set_stream_secret(account, name, secret_sealed)!
-- NULL takes it away.
UPDATE stream SET secret_sealed = :secret_sealed WHERE account = :account AND name = :name;

-- name: list_intakes()
-- Those that workers have to know of.
SELECT account, name, intake FROM stream
WHERE intake ? 'repeats' OR intake ? 'is_braze' ORDER BY account, name;

-- name: list_braze_destinations()
-- Retired ones too: what they wrote is still at Braze.
SELECT d.id, d.account, d.form, d.attribute
FROM destination d JOIN provider_authorization a ON a.id = d.authorization_id
WHERE a.provider = 'braze' ORDER BY d.id;

-- name: insert_schema_version(account, version, description, published_at, published_by, body)!
-- A published version is never changed.
INSERT INTO schema_version (account, version, description, published_at, published_by, body)
VALUES (:account, :version, :description, :published_at, :published_by, :body);

-- name: find_current_schema(account)^
-- The version in force.
SELECT body FROM schema_version WHERE account = :account ORDER BY version DESC LIMIT 1;

-- name: find_schema(account, version)^
-- One version.
SELECT body FROM schema_version WHERE account = :account AND version = :version;

-- name: list_schema_versions(account)
-- Newest first, without the bodies.
SELECT version, description, published_at, published_by
FROM schema_version WHERE account = :account ORDER BY version DESC;

-- name: list_all_schemas()
-- Every version: the worker maps an event by the version in force when it was received.
SELECT account, body FROM schema_version ORDER BY account, version;

-- name: highest_field_id(account)$
-- The id of a deleted field is not given to another one.
SELECT COALESCE(max(CAST(field ->> 'id' AS integer)), 0)
FROM schema_version, jsonb_array_elements(body -> 'fields') AS field
WHERE account = :account;

-- name: live_generation()$
-- Members are counted in the generation that serves now.
SELECT number FROM generation WHERE state = 'live';

-- name: insert_audience(account, slug, name, description, tags, filter_text, state, expires_at, now)^
-- A taken slug yields no row.
INSERT INTO audience (account, slug, name, description, tags, filter_text, state, expires_at, created_at,
                      updated_at)
VALUES (:account, :slug, :name, :description, :tags, :filter_text, :state, :expires_at, :now, :now)
ON CONFLICT (account, slug) WHERE state <> 'archived' DO NOTHING
RETURNING id, account, slug, name, description, tags, filter_text, version, state, created_at, updated_at,
          expires_at, build_done, build_total, CAST(0 AS bigint) AS size;

-- name: list_audiences(account, with_archived)
-- The size is the exact count of the members that the live generation holds.
SELECT a.id, a.account, a.slug, a.name, a.description, a.tags, a.filter_text, a.version, a.state,
       a.created_at, a.updated_at, a.expires_at, a.build_done, a.build_total, COALESCE(m.size, 0) AS size,
       a.state <> 'archived' AND COALESCE(a.slug = ANY (p.audiences), false) AS is_public
FROM audience a
LEFT JOIN (
    SELECT audience_id, count(*) AS size FROM membership
    WHERE account = :account GROUP BY audience_id
) m ON m.audience_id = a.id
LEFT JOIN personalization p ON p.account = a.account
WHERE a.account = :account AND (CAST(:with_archived AS boolean) OR a.state <> 'archived')
ORDER BY a.slug;

-- name: find_audience(account, slug)^
-- One audience with its size.
SELECT a.id, a.account, a.slug, a.name, a.description, a.tags, a.filter_text, a.version, a.state,
       a.created_at, a.updated_at, a.expires_at, a.build_done, a.build_total,
       (SELECT count(*) FROM membership m
        WHERE m.account = a.account AND m.audience_id = a.id) AS size,
       COALESCE(a.slug = ANY (p.audiences), false) AS is_public
FROM audience a LEFT JOIN personalization p ON p.account = a.account
WHERE a.account = :account AND a.slug = :slug AND a.state <> 'archived';

-- name: rename_audience(account, slug, name, description, tags, now)!
-- Words only: nobody has to be evaluated again.
UPDATE audience SET name = :name, description = :description, tags = :tags, updated_at = :now
WHERE account = :account AND slug = :slug AND state <> 'archived';

-- name: redefine_audience(account, slug, name, description, tags, filter_text, now)!
-- Another filter is another version, built from the first profile on; a draft goes on waiting.
UPDATE audience SET name = :name, description = :description, tags = :tags, filter_text = :filter_text,
    version = version + 1, state = CASE state WHEN 'live' THEN 'building' ELSE state END,
    build_done = 0, build_total = 0, updated_at = :now
WHERE account = :account AND slug = :slug AND state <> 'archived';

-- name: list_tagged(account)
-- Who bears which tags.
SELECT id, slug, tags FROM audience WHERE account = :account AND state <> 'archived'
ORDER BY slug;

-- name: lock_tagged(account)
-- Two changes of groups do not undo each other.
SELECT id, slug, tags FROM audience WHERE account = :account AND state <> 'archived'
ORDER BY slug FOR UPDATE;

-- name: tag_audience(audience_id, tags, now)!
-- Nobody has to be evaluated again.
UPDATE audience SET tags = :tags, updated_at = :now WHERE id = :audience_id;

-- name: respell_audience(audience_id, filter_text, now)!
-- The same question with other names of fields: no other version, and nobody is asked again.
UPDATE audience SET filter_text = :filter_text, updated_at = :now WHERE id = :audience_id;

-- name: rebuild_audience(audience_id, now)!
-- An audience that includes a changed one has changed with it; drafts and expired ones hold nobody.
UPDATE audience SET version = version + 1, state = CASE state WHEN 'live' THEN 'building' ELSE state END,
    build_done = 0, build_total = 0, updated_at = :now
WHERE id = :audience_id;

-- name: start_building(audience_id, now)!
-- A draft that shall count from now on, an expired audience that has a later end, one to ask again.
WITH gone AS (DELETE FROM audience_bucket WHERE audience_id = :audience_id)
UPDATE audience SET state = 'building', build_done = 0, build_total = 0, updated_at = :now
WHERE id = :audience_id;

-- name: set_expiry(audience_id, expires_at, now)!
-- NULL: it has no end.
UPDATE audience SET expires_at = :expires_at, updated_at = :now WHERE id = :audience_id;

-- name: list_overdue(now)
-- Those whose end has come.
SELECT id, account, slug FROM audience
WHERE expires_at <= :now AND state IN ('building', 'live') ORDER BY expires_at, id;

-- name: expire_audience(audience_id, now)!
-- Its members leave range by range, as those of an archived one do.
UPDATE audience SET state = 'expired', updated_at = :now WHERE id = :audience_id;

-- name: archive_audience(account, slug, now)!
-- The row stays, so that the changes it caused can be explained; its slug is free again.
UPDATE audience SET state = 'archived', updated_at = :now
WHERE account = :account AND slug = :slug AND state <> 'archived';

-- name: list_filters(account)
-- What INCLUDE can reach in one account.
SELECT id, slug, filter_text, state FROM audience
WHERE account = :account AND state <> 'archived' ORDER BY id;

-- name: list_all_audiences()
-- For the pipeline configuration; drafts can be included but have no members.
SELECT id, account, slug, name, filter_text, version, state FROM audience
WHERE state <> 'archived' ORDER BY account, id;

-- name: list_audience_ids(account)
-- To tell the data plane which audiences an export means.
SELECT id, slug, name FROM audience WHERE account = :account AND state <> 'archived';

-- name: list_jobs_exporting(account, slug)
-- The jobs that keep an audience from being archived.
SELECT id, label FROM job
WHERE account = :account AND (destination_id IS NOT NULL OR kind = 'export_files')
  AND state NOT IN ('completed', 'killed', 'deleted')
  AND (config -> 'audiences' ? :slug OR config -> 'suppressed_by' ? :slug
       OR config ->> 'audience' = :slug)
ORDER BY id;
