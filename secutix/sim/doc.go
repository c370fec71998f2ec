// Package sim is the simulator of S-360: a stateful, deterministic platform to develop and test
// against.
package sim
