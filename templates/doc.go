// Package templates makes paper of a ticket: it implements delivery.Renderer.
//
// # How a page comes about
//
//	delivery.Document ─ facts.go ─► the printed words, chosen and formatted (locale.go, locale/*.json)
//	                  ─ layout.go ─► where they stand (layouts/standard.json: boxes in millimetres, styles, conditions)
//	                  ─ text.go ─► shaped, ordered and broken lines; shrunk until they fit
//	                  ─ canvas ─► pdf.go writes PDF, raster.go writes PNG
//
// A canvas knows five things: fill a shape, set a line of glyphs, place a picture, place a barcode, clip. Everything
// above it is the same for every output, so another output is another canvas and another ticket design is another
// layout file.
//
// # Promises
//
// The same Document gives the same bytes: no clock, no random ids, no map order. Barcodes are filled rectangles of whole
// modules with their quiet zone, never pictures, and hold the payload byte for byte. A character that no font
// has is printed as U+FFFD and its code point (nothing else of the text) is logged. A picture that cannot be read is left
// out. Pages are written as they are drawn, so a file's length does not show in memory.
//
// # Readers
//
// Every PDF is written as ISO 19005-2 level A (PDF/A-2a) asks: fonts and the colours' profile inside, every glyph with its
// text, every stroke content of a part (tags.go) or decoration, parts in the order they are read. Text that does not stand
// in its order of reading, as Arabic does not, is said beside it.
//
// # What does not belong here
//
// Which language, name or time is printed (delivery decides), where barcodes come from (sales), and sending.
package templates
