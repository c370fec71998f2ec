-- The outbox of e-mails to buyers: what is due, and what became of it. Their content is made when they are sent.

-- +goose Up

-- Lists of reasons and statuses belong to the domain.
CREATE TABLE mails (
    id          TEXT      NOT NULL PRIMARY KEY CHECK (id <> ''),
    order_id    TEXT      NOT NULL REFERENCES orders (id) DEFERRABLE INITIALLY DEFERRED,
    institution TEXT      NOT NULL CHECK (institution <> ''),
    storefront  TEXT      NOT NULL,
    reason      TEXT      NOT NULL CHECK (reason <> ''),
    recipient   TEXT      NOT NULL, -- empty: the order's buyer
    language    TEXT      NOT NULL,
    digest      TEXT      NOT NULL, -- of what a mail about a change tells
    status      TEXT      NOT NULL CHECK (status <> ''),
    version     BIGINT    NOT NULL CHECK (version > 0),
    attempts    BIGINT    NOT NULL,
    queued_at   TIMESTAMP NOT NULL,
    next_at     TIMESTAMP NOT NULL, -- never is the year 1
    sent_at     TIMESTAMP NOT NULL, -- the same
    ended_at    TIMESTAMP NOT NULL, -- the same
    code        TEXT      NOT NULL,
    detail      TEXT      NOT NULL
);
CREATE INDEX mails_order ON mails (order_id, queued_at, id);
CREATE INDEX mails_queued ON mails (queued_at, id);
CREATE INDEX mails_status ON mails (status, queued_at, id);
CREATE INDEX mails_due ON mails (next_at, id) WHERE status IN ('queued', 'sending');

-- How far the changes of an institution's catalog were told to buyers: up to this line, and of it to the orders up to this one.
CREATE TABLE mail_marks (
    institution TEXT   NOT NULL PRIMARY KEY CHECK (institution <> ''),
    seq         BIGINT NOT NULL,
    line        BIGINT NOT NULL,
    order_id    TEXT   NOT NULL
);
