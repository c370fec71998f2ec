-- Named leases: work that only one process may do at a time.

-- +goose Up

CREATE TABLE leases (
    name       TEXT      NOT NULL PRIMARY KEY CHECK (name <> ''),
    owner      TEXT      NOT NULL CHECK (owner <> ''),
    expires_at TIMESTAMP NOT NULL
);
