-- Who called: the key of the storefront, gate or operator that a call to the platform was made for.

-- +goose Up

ALTER TABLE quota_calls ADD COLUMN key_id TEXT NOT NULL DEFAULT ''; -- empty: for no key
