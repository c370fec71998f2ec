// Package model is the invented world in which refresh policies are compared: venues, buyers, other sales channels, returns
// and the platform's answers. Every chance comes from a seed and is drawn for an event before anything is known of its end,
// so that every policy meets the same buyers. docs/freshness.md says what is assumed.
package model
