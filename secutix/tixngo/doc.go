// Package tixngo is the raw client of TIXNGO, the mobile ticket wallet, on the organizer's side.
//
// It does what S-360's interface does towards TIXNGO: injects tickets and digital privileges, has
// them deleted, tells that they were controlled, and reads back what happened on the phones. It
// speaks TIXNGO's words and knows nothing of ours. The types hold both generations: V3 with its one
// status, V4 with a location and attributes. A status nobody knows is kept as it is written.
//
// Every request goes once through the Gate and is counted. Error.Uncertain says whether a changing
// call may have been carried out. A page of changes is read item by item, so that one item that
// cannot be read does not hold up the others; Page.Broken counts them.
//
// Documented are: the write path <base>/organizer/tickets, the report paths below
// <base>/organizer/report, the members marked so in TIXNGO's injection page, the statuses. The key is
// that of the organizer's ADMIN account; no user name is looked at.
//
// Not known, and therefore configuration (KeyHeader, Paths, Names) and proposals of ours: the header
// of the key; the paths of changes, deletion, control, privileges and the injection report, and that
// V4 has the same; the mode of changes; the deletion of privileges; the names email, gender, barcode, price, currency, category, taxNumber, fileId, mainDetails,
// extraDetails, hiddenDetails, sortingKey, imageUrl, contingentExternalId, mainApplicant and its
// place, the groups seating and resale; the shape of a multilingual text; whether V4 spells the start
// startime; every answer of a changing call (an object or a bare list is read) and every error body; what an injection of a known ticket
// does; all of a privilege's members; the rates and the most tickets in one call.
//
// What does not belong here: our own types, batching, the cursor's keeping, and any opinion on when a
// call may be made. One function at a time per organizer is the caller's lease to hold.
package tixngo
