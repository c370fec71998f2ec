// Package migrations holds the database schema: numbered SQL files, embedded, the same for SQLite and PostgreSQL.
//
// # Rules
//
//   - A file is NNNN_name.sql, numbered upwards, with one "-- +goose Up" and no way down: what is wrong in one
//     migration is put right by the next.
//   - A file that has been applied anywhere is never edited. Its checksum is stored with it, and a database whose
//     stored checksum differs is refused.
//   - One schema for both databases: TEXT, BIGINT, BOOLEAN, BYTEA, TIMESTAMP (always UTC, to the millisecond), CHECK,
//     unique and partial indexes, ON CONFLICT, deferred foreign keys. JSON is TEXT.
//   - Lists of values that belong to the domain (statuses, levels, scopes) have no CHECK: SQLite cannot change one
//     without rebuilding its table, and the domain already refuses what is not in its list.
//
// Package storage applies the files and reads and writes the tables. Job tables are the job engine's own and are
// migrated by it.
package migrations
