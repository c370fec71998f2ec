-- Baskets whose close was begun, so that it can be gone on with.

-- +goose Up

CREATE TABLE basket_closes (
    basket            TEXT      NOT NULL PRIMARY KEY CHECK (basket <> ''),
    payment_reference TEXT      NOT NULL,
    phase             TEXT      NOT NULL CHECK (phase <> ''),
    begun_at          TIMESTAMP NOT NULL,
    next_at           TIMESTAMP NOT NULL,
    looks             BIGINT    NOT NULL
);
CREATE INDEX basket_closes_due ON basket_closes (next_at, basket) WHERE phase IN ('selling', 'undoing');
