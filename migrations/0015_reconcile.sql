-- Payments that storefronts report, runs that compare them and the platform's history with our orders, the cases that come
-- of it, and who decided what.

-- +goose Up

ALTER TABLE orders ADD COLUMN payment_reference TEXT NOT NULL DEFAULT '';
CREATE INDEX orders_payment ON orders (storefront, payment_reference) WHERE payment_reference <> '';

CREATE TABLE payments (
    id          TEXT      NOT NULL PRIMARY KEY CHECK (id <> ''),
    storefront  TEXT      NOT NULL,
    payment_id  TEXT      NOT NULL CHECK (payment_id <> ''),
    reference   TEXT      NOT NULL CHECK (reference <> ''),
    institution TEXT      NOT NULL CHECK (institution <> ''),
    amount      BIGINT    NOT NULL,
    currency    TEXT      NOT NULL,
    paid_at     TIMESTAMP NOT NULL,
    imported_at TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX payments_once ON payments (storefront, payment_id);
CREATE INDEX payments_reference ON payments (storefront, reference);
CREATE INDEX payments_paid ON payments (institution, paid_at, id);
CREATE INDEX payments_imported ON payments (institution, imported_at, id);

-- What is found again by its columns; content is the whole as JSON, written and read by storage only.
CREATE TABLE reconciliations (
    id          TEXT      NOT NULL PRIMARY KEY CHECK (id <> ''),
    institution TEXT      NOT NULL CHECK (institution <> ''),
    state       TEXT      NOT NULL CHECK (state <> ''),
    asked_by    TEXT      NOT NULL, -- empty: the nightly job
    started_at  TIMESTAMP NOT NULL,
    content     TEXT      NOT NULL
);
CREATE INDEX reconciliations_institution ON reconciliations (institution, started_at, id);

CREATE TABLE reconciliation_cases (
    id          TEXT      NOT NULL PRIMARY KEY CHECK (id <> ''),
    institution TEXT      NOT NULL CHECK (institution <> ''),
    storefront  TEXT      NOT NULL,
    kind        TEXT      NOT NULL CHECK (kind <> ''),
    state       TEXT      NOT NULL CHECK (state <> ''),
    fingerprint TEXT      NOT NULL CHECK (fingerprint <> ''),
    opened_at   TIMESTAMP NOT NULL,
    content     TEXT      NOT NULL
);
CREATE UNIQUE INDEX reconciliation_cases_once ON reconciliation_cases (institution, fingerprint) WHERE state <> 'closed';
CREATE INDEX reconciliation_cases_opened ON reconciliation_cases (opened_at, id);
CREATE INDEX reconciliation_cases_state ON reconciliation_cases (institution, state, id);

-- Orders of the platform that were looked at and are not ours: numbers only.
CREATE TABLE reconciliation_foreign (
    institution       TEXT   NOT NULL,
    platform_order_id BIGINT NOT NULL,
    PRIMARY KEY (institution, platform_order_id)
);

CREATE TABLE audit_log (
    id      TEXT      NOT NULL PRIMARY KEY CHECK (id <> ''),
    at      TIMESTAMP NOT NULL,
    actor   TEXT      NOT NULL,
    action  TEXT      NOT NULL CHECK (action <> ''),
    subject TEXT      NOT NULL,
    reason  TEXT      NOT NULL,
    outcome TEXT      NOT NULL
);
CREATE INDEX audit_log_at ON audit_log (at, id);
CREATE INDEX audit_log_subject ON audit_log (subject, at, id);
