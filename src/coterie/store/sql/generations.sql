-- name: live_generation()$
-- A replay swaps this pointer under all lane locks.
SELECT number FROM generation WHERE state = 'live';
