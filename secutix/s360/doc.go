// Package s360 is the raw REST client of the SecuTix S-360 services.
//
// It speaks the platform's words and knows nothing of ours: one file per
// service, holding the service's methods and its wire types together. The wire
// types are shared with the simulator, so each of them encodes the way the
// platform writes and decodes everything the platform is known, or feared, to
// write: numbers as text, one object where a list is due, null, an empty text
// or nothing where a value is due, and members nobody documented.
//
// Reading the answer is done by Decode in one pass. Types with an Extra member
// keep what they do not know and write it back. Money is the exception to all
// leniency: an Amount is a whole number of thousandths or an error.
//
// A call runs through a chain of small handlers, outermost first: async polls
// "in progress", retry repeats what may be repeated, error turns an answer into
// an *Error, gate asks for permission and reports what it cost, auth forges the
// short-lived token, http sends. Error.Uncertain says whether a changing call
// may have been carried out; nothing here guesses beyond that.
//
// What does not belong here: our own types, SOAP, storage, and any opinion on
// how many calls may be made (that is the Gate's).
package s360
