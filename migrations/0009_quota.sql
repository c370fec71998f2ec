-- The gate that replicas share, and the ledger by minute, hour, day and month with a bounded log of single calls.

-- +goose Up

CREATE TABLE quota_gates (
    institution TEXT   NOT NULL PRIMARY KEY,
    version     BIGINT NOT NULL,
    document    TEXT   NOT NULL
);

CREATE TABLE quota_usage (
    institution TEXT      NOT NULL,
    unit        TEXT      NOT NULL CHECK (unit IN ('minute', 'hour', 'day', 'month')),
    start       TIMESTAMP NOT NULL,
    operator    TEXT      NOT NULL,
    service     TEXT      NOT NULL,
    method      TEXT      NOT NULL,
    class       TEXT      NOT NULL,
    outcome     TEXT      NOT NULL,
    calls       BIGINT    NOT NULL,
    bytes_out   BIGINT    NOT NULL,
    bytes_in    BIGINT    NOT NULL,
    millis      BIGINT    NOT NULL,
    PRIMARY KEY (institution, unit, start, operator, service, method, class, outcome)
);
CREATE INDEX quota_usage_start ON quota_usage (unit, start);

INSERT INTO quota_usage (institution, unit, start, operator, service, method, class, outcome, calls, bytes_out, bytes_in, millis)
SELECT institution, 'hour', hour, '', service, method, class, outcome, calls, bytes_out, bytes_in, millis FROM quota_counts;
DROP TABLE quota_counts;

CREATE TABLE quota_calls (
    id          BIGINT    NOT NULL PRIMARY KEY,
    institution TEXT      NOT NULL,
    at          TIMESTAMP NOT NULL,
    operator    TEXT      NOT NULL,
    service     TEXT      NOT NULL,
    method      TEXT      NOT NULL,
    class       TEXT      NOT NULL,
    order_id    TEXT      NOT NULL, -- empty: for no order
    job         TEXT      NOT NULL, -- empty: for no job
    outcome     TEXT      NOT NULL,
    bytes_out   BIGINT    NOT NULL,
    bytes_in    BIGINT    NOT NULL,
    millis      BIGINT    NOT NULL
);
CREATE INDEX quota_calls_at ON quota_calls (at);
CREATE INDEX quota_calls_order ON quota_calls (order_id, at) WHERE order_id <> '';
