// Package catalog says what is for sale and how much of it is left.
//
// One immutable Snapshot per institution holds everything the platform's catalog says; it is built aside, checked, stored
// and swapped whole. Availability lies over it without rebuilding it. A View is the two together at one moment, and all
// reads go to a View: none of them asks the platform.
//
// A View brings the Index of its snapshot, by which lists are found: sets of what products and performances have in common,
// orders, and words. What is on sale is judged when it can turn (NextChange), not when it is asked.
//
// A refresh asks the cheap question first (has the set-up changed?), loads the full catalog only on change or once a day,
// and refuses one that cannot be right: the last good snapshot keeps serving and the reason is kept in State.
// Availability is read for the products that the platform says have moved; the rest is thereby confirmed.
//
// What does not belong here: orders (sales), and how many calls may be spent (quota).
package catalog
