// Package delivery is how a ticket reaches its holder: it turns a sold order into a Document and has a Renderer print it.
//
// A Document is plain data, complete and final: every text is chosen in the reader's language and every time stands in the
// venue's zone, so that a Renderer decides nothing but looks. The same Document gives the same bytes.
//
// What does not belong here: layouts, fonts and barcodes (templates), and where barcodes come from (sales).
package delivery
