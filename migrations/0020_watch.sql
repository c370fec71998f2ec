-- What sold orders are watched by: when they are looked at, what tickets are for, and what the platform answered.

-- +goose Up

-- Both in milliseconds since 1970; 0 is never, and no performance.
ALTER TABLE orders ADD COLUMN look_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE orders ADD COLUMN look_for BIGINT NOT NULL DEFAULT 0;
CREATE INDEX orders_look ON orders (institution, look_at) WHERE look_at > 0;

-- How many looks at sold orders an institution's day has had.
CREATE TABLE look_days (
    institution TEXT   NOT NULL,
    day         TEXT   NOT NULL,
    looks       BIGINT NOT NULL,
    PRIMARY KEY (institution, day)
);

-- The performance that a ticket is for; 0 is none, or a ticket from before this column.
ALTER TABLE tickets ADD COLUMN performance BIGINT NOT NULL DEFAULT 0;
CREATE INDEX tickets_performance ON tickets (institution, performance, order_id) WHERE performance > 0;

-- What was asked and answered for an order, secrets and personal data removed, packed.
CREATE TABLE order_answers (
    id       TEXT      NOT NULL PRIMARY KEY CHECK (id <> ''),
    order_id TEXT      NOT NULL CHECK (order_id <> ''),
    at       TIMESTAMP NOT NULL,
    call     TEXT      NOT NULL,
    outcome  TEXT      NOT NULL,
    content  BYTEA     NOT NULL
);
CREATE INDEX order_answers_order ON order_answers (order_id, id);
CREATE INDEX order_answers_at ON order_answers (at);
