-- Passes in wallets on phones, and the phones that ask to be told of their changes.

-- +goose Up

CREATE TABLE wallet_passes (
    wallet      TEXT      NOT NULL CHECK (wallet IN ('apple', 'google', 'google_class')),
    serial      TEXT      NOT NULL CHECK (serial <> ''),
    institution TEXT      NOT NULL,
    order_id    TEXT      NOT NULL,
    ticket_id   TEXT      NOT NULL,
    performance BIGINT    NOT NULL, -- 0 is none
    language    TEXT      NOT NULL,
    token       TEXT      NOT NULL, -- what a phone has to know to ask after it; empty: it cannot
    digest      TEXT      NOT NULL, -- of what it said when it was last looked at; empty: its vendor does not have it
    updated_at  TIMESTAMP NOT NULL, -- when that last changed
    untold      BOOLEAN   NOT NULL, -- its phones are still to be told
    check_at    TIMESTAMP,          -- when it is looked at next; NULL: never
    tries       BIGINT    NOT NULL,
    PRIMARY KEY (wallet, serial)
);
CREATE INDEX wallet_passes_due ON wallet_passes (check_at) WHERE check_at IS NOT NULL;
CREATE INDEX wallet_passes_order ON wallet_passes (order_id);
CREATE INDEX wallet_passes_performance ON wallet_passes (institution, performance);

CREATE TABLE wallet_devices (
    serial     TEXT      NOT NULL,
    device     TEXT      NOT NULL,
    push_token TEXT      NOT NULL,
    since      TIMESTAMP NOT NULL,
    PRIMARY KEY (serial, device)
);
CREATE INDEX wallet_devices_device ON wallet_devices (device, serial);
CREATE INDEX wallet_devices_token ON wallet_devices (push_token);
