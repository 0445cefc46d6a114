-- What an authorization that works cannot do, with the cure.

ALTER TABLE provider_authorization ADD COLUMN caution text NOT NULL DEFAULT '';
