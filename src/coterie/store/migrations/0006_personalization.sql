-- What an account shows of a person to whoever names one of their identifiers, without a token. An
-- account without a row shows nothing.
CREATE TABLE personalization (
    account    bigint PRIMARY KEY REFERENCES account (number),
    fields     text[] NOT NULL,
    audiences  text[] NOT NULL,
    by_fields  text[] NOT NULL,
    origins    text[] NOT NULL,
    updated_at timestamptz NOT NULL
);
