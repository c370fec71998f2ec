-- Pictures that the catalog names, kept so that a ticket can be printed while their server is away.

-- +goose Up

-- address_key is the hex SHA-256 of the address, which may be long.
CREATE TABLE pictures (
    institution TEXT      NOT NULL,
    address_key TEXT      NOT NULL CHECK (address_key <> ''),
    address     TEXT      NOT NULL,
    media_type  TEXT      NOT NULL,
    size        BIGINT    NOT NULL CHECK (size >= 0),
    fetched_at  TIMESTAMP NOT NULL,
    content     BYTEA     NOT NULL,
    PRIMARY KEY (institution, address_key)
);
CREATE INDEX pictures_age ON pictures (fetched_at, institution, address_key, size);
