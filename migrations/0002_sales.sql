-- Orders, their tickets, idempotency keys and the pending account's book.

-- +goose Up

-- The columns are what orders are found by; content is the whole order as JSON, written and read by storage only.
-- The list of statuses belongs to the domain: a CHECK on it would make each new status a table rebuild on SQLite.
CREATE TABLE orders (
    id                TEXT      NOT NULL PRIMARY KEY CHECK (id <> ''),
    institution       TEXT      NOT NULL CHECK (institution <> ''),
    storefront        TEXT      NOT NULL,
    reference         TEXT      NOT NULL,
    status            TEXT      NOT NULL CHECK (status <> ''),
    version           BIGINT    NOT NULL CHECK (version > 0),
    platform_order_id BIGINT    NOT NULL,
    platform_file_id  BIGINT    NOT NULL,
    created_at        TIMESTAMP NOT NULL,
    updated_at        TIMESTAMP NOT NULL,
    next_check_at     TIMESTAMP NOT NULL, -- none is the year 1
    search            TEXT      NOT NULL, -- id, reference, e-mail and names, case folded
    format            BIGINT    NOT NULL,
    content           TEXT      NOT NULL
);
CREATE UNIQUE INDEX orders_platform ON orders (institution, platform_order_id) WHERE platform_order_id <> 0;
CREATE INDEX orders_created ON orders (created_at, id);
CREATE INDEX orders_storefront ON orders (storefront, created_at, id);
CREATE INDEX orders_institution ON orders (institution, created_at, id);
CREATE INDEX orders_status ON orders (status, created_at, id);
CREATE INDEX orders_reference ON orders (reference, created_at, id);
CREATE INDEX orders_due ON orders (status, next_check_at, id);
CREATE INDEX orders_platform_order ON orders (platform_order_id);
CREATE INDEX orders_platform_file ON orders (platform_file_id);
CREATE INDEX orders_count ON orders (institution, status);

-- How a ticket is found, and what keeps a barcode from being sold twice; the ticket itself is in its order's content.
CREATE TABLE tickets (
    id          TEXT NOT NULL PRIMARY KEY CHECK (id <> ''),
    order_id    TEXT NOT NULL REFERENCES orders (id) DEFERRABLE INITIALLY DEFERRED,
    institution TEXT NOT NULL,
    barcode     TEXT NOT NULL
);
CREATE UNIQUE INDEX tickets_barcode ON tickets (institution, barcode) WHERE barcode <> '';
CREATE INDEX tickets_order ON tickets (order_id);

CREATE TABLE idempotency_keys (
    storefront TEXT      NOT NULL,
    key        TEXT      NOT NULL CHECK (key <> ''),
    call       TEXT      NOT NULL,
    digest     TEXT      NOT NULL,
    order_id   TEXT      NOT NULL REFERENCES orders (id) DEFERRABLE INITIALLY DEFERRED,
    at         TIMESTAMP NOT NULL,
    PRIMARY KEY (storefront, key)
);
CREATE INDEX idempotency_keys_order ON idempotency_keys (order_id);

-- What each close added to what we owe an institution; an order has at most one posting of a kind.
CREATE TABLE postings (
    order_id    TEXT      NOT NULL REFERENCES orders (id) DEFERRABLE INITIALLY DEFERRED,
    kind        TEXT      NOT NULL CHECK (kind <> ''),
    institution TEXT      NOT NULL CHECK (institution <> ''),
    amount      BIGINT    NOT NULL,
    currency    TEXT      NOT NULL,
    at          TIMESTAMP NOT NULL,
    PRIMARY KEY (order_id, kind)
);
CREATE INDEX postings_institution ON postings (institution, currency);
