// Package storagetest is the one suite that every store must pass, on both databases, and the way to open one in a test.
//
// SQLite always runs. PostgreSQL runs too when GUICHET_TEST_POSTGRES holds its URL (".ci/postgres start" prints one);
// each test has a schema of its own there, dropped at its end. With CI_REQUIRE_POSTGRES=1 a missing PostgreSQL is a
// failure; without either variable only SQLite runs, and nothing is skipped.
//
// Test code only.
package storagetest
