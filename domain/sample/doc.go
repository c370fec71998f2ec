// Package sample holds ready-made valid objects, so that a test says only what it is about.
//
// Everything stands around one moment, Now, a Saturday morning, and one institution, a theatre in Paris that sells in
// euros: a play with two performances to come and one that is over, a dated pass with timeslots, and a programme booklet.
// Every function makes its value anew; change it freely. The package is for tests and the demo only.
//
// What does not belong here: fakes of ports (they stand beside the tests that script them).
package sample
