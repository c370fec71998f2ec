// Package freshness decides what to ask the platform next, so that a month's few calls buy the most freshness and never
// starve a sale.
//
// The Planner is told what happens (views, sales, refusals, readings, what the platform reports as moved) and decides from
// that and the budget alone: it has no clock, makes no call and draws no chance, so the same events give the same decisions.
// It values a reading by the buyers it would spare a wrong answer and buys the readings that are worth their price; the
// price rises and falls so that the budget lasts to the end of its period. Confidence is the measured chance that an
// answer still sells. Check says whether a month's plan can be kept. The model they are measured in is in package model.
package freshness
