-- Orders of several institutions that a storefront sells together.

-- +goose Up

ALTER TABLE orders ADD COLUMN basket TEXT NOT NULL DEFAULT '';
CREATE INDEX orders_basket ON orders (basket, created_at, id) WHERE basket <> '';
