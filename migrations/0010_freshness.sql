-- What the freshness planner knows, and since when what is known of availability is true.

-- +goose Up

-- Readings are saved again when they say the same: saved is the state's availability_seq then, seq that of the last move.
ALTER TABLE availabilities ADD COLUMN saved BIGINT NOT NULL DEFAULT 0;
UPDATE availabilities SET saved = seq;
CREATE INDEX availabilities_saved ON availabilities (institution, saved);

-- Since when the platform's reports of moves are without a gap; null is since everything was read.
ALTER TABLE catalog_states ADD COLUMN availability_from TIMESTAMP;

-- The last move of each product that the platform reported. seq is the state's availability_seq at the time it was saved.
CREATE TABLE availability_moves (
    institution TEXT      NOT NULL,
    product     BIGINT    NOT NULL,
    moved_at    TIMESTAMP NOT NULL,
    seq         BIGINT    NOT NULL,
    PRIMARY KEY (institution, product)
);
CREATE INDEX availability_moves_seq ON availability_moves (institution, seq);

-- The planner's memory, compressed; version rises with each change. confidence is a table of percents, for all replicas.
CREATE TABLE freshness_states (
    institution TEXT      NOT NULL PRIMARY KEY,
    version     BIGINT    NOT NULL,
    saved_at    TIMESTAMP NOT NULL,
    content     BYTEA     NOT NULL,
    confidence  BYTEA     NOT NULL
);

-- What a replica saw happen (looks, holds, refusals) since it last said so, until the planner has taken it.
CREATE TABLE freshness_events (
    id          TEXT      NOT NULL PRIMARY KEY,
    institution TEXT      NOT NULL,
    at          TIMESTAMP NOT NULL,
    content     BYTEA     NOT NULL
);
CREATE INDEX freshness_events_institution ON freshness_events (institution, at);
