-- How much is left of a contingent. A primary key cannot be changed on SQLite, so the table is made anew with its rows.

-- +goose Up

CREATE TABLE availabilities_by_contingent (
    institution    TEXT      NOT NULL CHECK (institution <> ''),
    product        BIGINT    NOT NULL,
    performance    BIGINT    NOT NULL,
    seat_category  BIGINT    NOT NULL,
    contingent     BIGINT    NOT NULL,
    item           BIGINT    NOT NULL,
    timeslot       BIGINT    NOT NULL,
    day            TEXT      NOT NULL,
    seq            BIGINT    NOT NULL,
    level          TEXT      NOT NULL,
    places         BIGINT    NOT NULL,
    counted        BOOLEAN   NOT NULL,
    platform_level TEXT      NOT NULL,
    as_of          TIMESTAMP NOT NULL,
    PRIMARY KEY (institution, product, performance, seat_category, contingent, item, timeslot, day)
);
INSERT INTO availabilities_by_contingent
SELECT institution, product, performance, seat_category, 0, item, timeslot, day, seq, level, places, counted, platform_level, as_of
FROM availabilities;
DROP TABLE availabilities;
ALTER TABLE availabilities_by_contingent RENAME TO availabilities;
CREATE INDEX availabilities_seq ON availabilities (institution, seq);
