-- name: insert_account(number, name, created_at)!
-- A taken number changes no row, so that the caller can draw another.
INSERT INTO account (number, name, created_at)
VALUES (:number, :name, :created_at)
ON CONFLICT (number) DO NOTHING;

-- name: list_accounts()
-- All accounts, oldest first.
SELECT number, name, created_at FROM account ORDER BY created_at, number;

-- name: find_account(number)^
-- One account.
SELECT number, name, created_at FROM account WHERE number = :number;
