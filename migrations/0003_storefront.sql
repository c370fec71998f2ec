-- Who may sell through us: keys, without their secrets.

-- +goose Up

-- scopes and institutions are JSON lists; institutions is the JSON null for a key of every institution.
CREATE TABLE storefront_keys (
    id           TEXT      NOT NULL PRIMARY KEY CHECK (id <> ''),
    public_id    TEXT      NOT NULL UNIQUE CHECK (public_id <> ''),
    digest       TEXT      NOT NULL CHECK (digest <> ''),
    storefront   TEXT      NOT NULL,
    label        TEXT      NOT NULL,
    scopes       TEXT      NOT NULL,
    institutions TEXT      NOT NULL,
    created_at   TIMESTAMP NOT NULL,
    expires_at   TIMESTAMP,
    revoked_at   TIMESTAMP
);
CREATE INDEX storefront_keys_created ON storefront_keys (created_at, id);
