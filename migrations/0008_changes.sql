-- What every refresh of a catalog changed, in one order with what moved of the availability.

-- +goose Up

-- seq is the state's availability_seq at the time the catalog was stored. what is the sort of change; members are the names
-- of what else changed, separated by commas; more is how many changes the line stands for.
CREATE TABLE catalog_changes (
    institution TEXT      NOT NULL CHECK (institution <> ''),
    seq         BIGINT    NOT NULL CHECK (seq > 0),
    line        BIGINT    NOT NULL,
    version     BIGINT    NOT NULL,
    product     BIGINT    NOT NULL,
    performance BIGINT    NOT NULL,
    item        BIGINT    NOT NULL,
    what        TEXT      NOT NULL CHECK (what <> ''),
    code        TEXT      NOT NULL,
    members     TEXT      NOT NULL,
    was         TEXT      NOT NULL,
    became      TEXT      NOT NULL,
    more        BIGINT    NOT NULL,
    at          TIMESTAMP NOT NULL,
    PRIMARY KEY (institution, seq, line)
);
CREATE INDEX catalog_changes_place ON catalog_changes (institution, seq, product, performance);
CREATE INDEX catalog_changes_product ON catalog_changes (institution, product, seq, line);

-- summary is what the last full load changed; forgotten the last seq whose changes are not kept any more; hinted_at when the
-- last look at the set-up that a push asked for is made.
ALTER TABLE catalog_states ADD COLUMN summary TEXT NOT NULL DEFAULT '';
ALTER TABLE catalog_states ADD COLUMN forgotten BIGINT NOT NULL DEFAULT 0;
ALTER TABLE catalog_states ADD COLUMN hinted_at TIMESTAMP;

-- Followers before this was kept know nothing of what happened up to now.
UPDATE catalog_states SET forgotten = availability_seq;

DROP INDEX availabilities_seq;
CREATE INDEX availabilities_seq ON availabilities (institution, seq, product, performance);
