-- Files of many tickets that show tickets which were replaced or taken back after they were printed.

-- +goose Up

-- changes is how often that happened to tickets of the export's orders since it was asked for; printed is what changes was when
-- what the parts hold was begun.
ALTER TABLE exports ADD COLUMN changes BIGINT NOT NULL DEFAULT 0;
ALTER TABLE exports ADD COLUMN printed BIGINT NOT NULL DEFAULT 0;

-- Which exports an order is in. There is no key to orders: it would lock a thousand of them for each export.
CREATE TABLE export_orders (
    order_id  TEXT NOT NULL CHECK (order_id <> ''),
    export_id TEXT NOT NULL REFERENCES exports (id) ON DELETE CASCADE,
    PRIMARY KEY (order_id, export_id)
);
CREATE INDEX export_orders_export ON export_orders (export_id);
