-- How many calls were made to the platform, by the hour.

-- +goose Up

CREATE TABLE quota_counts (
    institution TEXT      NOT NULL,
    hour        TIMESTAMP NOT NULL,
    service     TEXT      NOT NULL,
    method      TEXT      NOT NULL,
    class       TEXT      NOT NULL,
    outcome     TEXT      NOT NULL,
    calls       BIGINT    NOT NULL,
    bytes_out   BIGINT    NOT NULL,
    bytes_in    BIGINT    NOT NULL,
    millis      BIGINT    NOT NULL,
    PRIMARY KEY (institution, hour, service, method, class, outcome)
);
CREATE INDEX quota_counts_hour ON quota_counts (hour);
