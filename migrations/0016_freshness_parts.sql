-- What was lived: readings that said something new, looks, holds and refusals, so that a month can be recorded and replayed.

-- +goose Up

-- One part for each step of the planner that saw something, kept with the state of that version. events is how many are in
-- content, packed; a whole one begins with all that is known. Old parts are deleted.
CREATE TABLE freshness_parts (
    institution TEXT      NOT NULL,
    at          TIMESTAMP NOT NULL,
    version     BIGINT    NOT NULL,
    whole       BOOLEAN   NOT NULL,
    events      BIGINT    NOT NULL CHECK (events > 0),
    content     BYTEA     NOT NULL,
    PRIMARY KEY (institution, at, version)
);
