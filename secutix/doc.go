// Package secutix is the border between S-360's words and ours: it implements the Platform ports of the domain over the raw
// client in s360.
//
// Nothing of the platform leaks inwards: ids become typed numbers, thousandths become Money exactly or are refused, times
// become UTC, states and levels become our words with the platform's own kept beside them, and every failure becomes a
// domain.Error through the one table in errors.go. What differs between institutions (credentials, the pending account's
// code, how a close is paid, how a day of visit is named) is data in Settings, never an if.
//
// What does not belong here: how calls are made, retried and counted (s360), what to do with the answers (domain).
package secutix
