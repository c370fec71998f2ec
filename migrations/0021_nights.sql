-- Since when nightly reconciliations are asked for at an institution: a night before it is not made up for.

-- +goose Up

CREATE TABLE reconciliation_nights (
    institution TEXT      NOT NULL PRIMARY KEY CHECK (institution <> ''),
    since       TIMESTAMP NOT NULL
);
