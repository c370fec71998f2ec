-- What is for sale and how much is left.

-- +goose Up

-- One row per institution: what we know and how fresh it is. format is that of the serving snapshot's content.
CREATE TABLE catalog_states (
    institution      TEXT      NOT NULL PRIMARY KEY CHECK (institution <> ''),
    version          BIGINT    NOT NULL DEFAULT 0 CHECK (version >= 0),
    format           BIGINT    NOT NULL DEFAULT 0,
    setup_stamp      TEXT      NOT NULL DEFAULT '',
    loaded_at        TIMESTAMP,
    checked_at       TIMESTAMP,
    availability_at  TIMESTAMP,
    availability_seq BIGINT    NOT NULL DEFAULT 0 CHECK (availability_seq >= 0),
    refused_stamp    TEXT      NOT NULL DEFAULT '',
    refused_at       TIMESTAMP,
    refused_reason   TEXT      NOT NULL DEFAULT '',
    failed_at        TIMESTAMP,
    failed_reason    TEXT      NOT NULL DEFAULT ''
);

-- The last snapshots, compressed. BYTEA is PostgreSQL's name; SQLite takes it as a column without a conversion.
CREATE TABLE catalog_snapshots (
    institution TEXT      NOT NULL CHECK (institution <> ''),
    version     BIGINT    NOT NULL CHECK (version > 0),
    format      BIGINT    NOT NULL,
    loaded_at   TIMESTAMP,
    content     BYTEA     NOT NULL,
    PRIMARY KEY (institution, version)
);

-- The newest reading of each thing. seq is the state's availability_seq at the time it was saved.
CREATE TABLE availabilities (
    institution    TEXT      NOT NULL CHECK (institution <> ''),
    product        BIGINT    NOT NULL,
    performance    BIGINT    NOT NULL,
    seat_category  BIGINT    NOT NULL,
    item           BIGINT    NOT NULL,
    timeslot       BIGINT    NOT NULL,
    day            TEXT      NOT NULL,
    seq            BIGINT    NOT NULL,
    level          TEXT      NOT NULL,
    places         BIGINT    NOT NULL,
    counted        BOOLEAN   NOT NULL,
    platform_level TEXT      NOT NULL,
    as_of          TIMESTAMP NOT NULL,
    PRIMARY KEY (institution, product, performance, seat_category, item, timeslot, day)
);
CREATE INDEX availabilities_seq ON availabilities (institution, seq);
