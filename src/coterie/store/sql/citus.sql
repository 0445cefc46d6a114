-- name: has_citus()$
-- The extension makes a PostgreSQL the coordinator of a cluster.
SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'citus');

-- name: locks_by_update()^
-- The setting stands in for the extension where the statements for it are tried on one PostgreSQL.
SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'citus')
       OR COALESCE(current_setting('coterie.spread', true), '') = 'on';

-- name: spread_tables()
-- With their schemas.
SELECT n.nspname || '.' || c.relname
FROM pg_dist_partition d JOIN pg_class c ON c.oid = d.logicalrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE d.partmethod = 'h';

-- name: filled_generations()
-- Retired ones are on their way out.
SELECT number FROM generation WHERE state <> 'retired' ORDER BY number;

-- name: spread_table(table, column, beside)!
-- Copies the rows that the table holds to the shards.
SELECT create_distributed_table(CAST(:table AS regclass), :column, colocate_with => :beside);

-- name: drop_local_rows(table)!
-- What the coordinator held before; the shards have it now.
SELECT truncate_local_data_after_distributing_table(CAST(:table AS regclass));
