// Package torture kills, stops and cuts a running service in the middle of sales, thousands of times, and checks after each
// time that no paid ticket was lost and nothing was sold twice.
//
// The service and the simulator are processes of their own, the program re-executed as `serve` and `sim`. Between the
// service and the platform, and between the service and PostgreSQL, stands a proxy of ours that counts what passes. A
// schedule is everything that happens, derived from one seed: what the storefront buys, closes, releases, repeats and
// hangs up on, and at which numbered call, commit or request something is killed (SIGKILL), stopped (SIGSTOP, with the
// clocks moved meanwhile), cut or answered with nonsense. When the storm is over everything is mended, time is moved on
// until the service has settled every order, and the books of the storefront, the service and the platform are compared.
//
//	plan.go       seed to schedule
//	process.go    the processes
//	stage.go      one service, one simulator and their proxies, used for many schedules
//	cable.go      the proxy to the platform
//	wire.go       the proxy to PostgreSQL
//	storefront.go what a storefront does and remembers
//	play.go       one schedule from storm to check
//	check.go      what must be true
//	torture.go    many schedules at a time
//
// A schedule decides what happens at which numbered step. How two processes interleave between two steps is the machine's,
// so a failure that depends on it may need several replays.
package torture
