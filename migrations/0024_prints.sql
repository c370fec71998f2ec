-- Who was given which ticket on paper, and files of many tickets that are made in the background.

-- +goose Up

-- A line each time that a ticket was given out as a file; copy counts a ticket's lines from 1 on.
CREATE TABLE ticket_prints (
    ticket_id  TEXT      NOT NULL CHECK (ticket_id <> ''),
    copy       BIGINT    NOT NULL CHECK (copy > 0),
    at         TIMESTAMP NOT NULL,
    storefront TEXT      NOT NULL,
    key_id     TEXT      NOT NULL,
    format     TEXT      NOT NULL,
    PRIMARY KEY (ticket_id, copy)
);

-- request and orders are what was asked for and never change; next is how many of the orders are in the parts. claim is who
-- works on it, and until when (milliseconds since 1970) nobody else may.
CREATE TABLE exports (
    id            TEXT      NOT NULL PRIMARY KEY CHECK (id <> ''),
    storefront    TEXT      NOT NULL,
    state         TEXT      NOT NULL CHECK (state <> ''),
    request       TEXT      NOT NULL,
    orders        TEXT      NOT NULL,
    total         BIGINT    NOT NULL,
    done          BIGINT    NOT NULL,
    next          BIGINT    NOT NULL,
    size          BIGINT    NOT NULL,
    parts         BIGINT    NOT NULL,
    digest        TEXT      NOT NULL,
    failure       TEXT      NOT NULL,
    claim         TEXT      NOT NULL,
    claimed_until BIGINT    NOT NULL,
    created_at    TIMESTAMP NOT NULL,
    finished_at   TIMESTAMP
);
CREATE INDEX exports_open ON exports (claimed_until) WHERE finished_at IS NULL;
CREATE INDEX exports_created ON exports (created_at);

-- The file in pieces, so that every replica can go on with it and give it out; entries is what of a ZIP's directory they hold.
CREATE TABLE export_parts (
    export_id TEXT   NOT NULL REFERENCES exports (id) ON DELETE CASCADE,
    number    BIGINT NOT NULL,
    starts    BIGINT NOT NULL,
    content   BYTEA  NOT NULL,
    entries   TEXT   NOT NULL,
    PRIMARY KEY (export_id, number)
);
CREATE INDEX export_parts_starts ON export_parts (export_id, starts);
