// Package sim is the simulator of S-360: a stateful, deterministic platform to develop, test and show against, shipped in the binary.
//
// It imitates the services that the control face lists at /endpoints, the tokens, forged per call or issued by
// /tnai/backend-apis/v1/auth, the limits per minute, method and month, the status inside HTTP 200, "in_progress" with a requestId,
// gzip, and nulls left out.
//
// It keeps its word: stock shrinks and comes back, holds end at their time by the movable Clock, the pending account grows, barcodes
// are unique, one order is closed once. Check says which promise is broken. Where the platform is lenient it is strict, because that
// protects us: members a method does not have, stale tokens and wrong versions are refused (one at its end of life with HTTP 410;
// neighbours of the pinned ones answer in the same shapes, without what came later). One lock guards everything; a fault's delay and a
// webhook's receiver are waited for outside it.
//
// Proposed by us, because no page or public client shows it: the members of all availability answers and their levels;
// getLastSetupUpdate's lastSetupUpdate; the parameters of getPerformanceAvailability and getProductAvailability; visitDate and
// timeslotId of simple product operations; chargeId and amount of chargeOperations; orderData and tickets in closeOrder's answer;
// block, row, number, entrance and the type AREA of movements; the states RUNNING and ABANDONED; the paymentType values; where time
// slots sit in a pass; every error code but error.order.availability; HTTP 401 for a bad token; what waitingAccountBalanceAmount
// counts. Not imitated: options, reservations, exchanges, several sales channels, seat plans, advantages, VAT by country. Dates are ISO
// only. Proposed of the set-up, seats and the catalog as text: productId and product of getProductDetails; seasonId and activities (id,
// code, activityType, externalName) of listActivities; all of getSeatsAvailability; one theme in every language at each time slot;
// getCatalog's document, an element a member, a list as repeated elements; error.season.unknown and error.product.unknown.
//
// Contingents ([Contingent], [Part]) share the places of a performance, a stock or a time slot. Proposed of them: availability counts
// what the sales channel may sell, and shows seats of other contingents as not available with their contingentId; -1 and lists break
// down by the channel's own; contingentIds of getProductAvailability; the names; contingentId of simple products, absent from an
// operation with places of several; side by side before the first choice, also over the border of two contingents; a seat service that
// may change the contingent; error.contingent.unknown and error.contingent.salesChannel.
//
// A world is rules ([World]), generated ([GenerateWorld]) or recorded at a real institution ([ImportWorld]): of a recording the catalog
// is served as it was, while stock, VAT rates, places and the pending account (where none was recorded) are invented; a price without a
// public level and slots whose beginning cannot be read are shown and not sold. A catalog is encoded and compressed once, outside the
// lock, and kept until something about it changes; then what changed is encoded.
//
// All nine kinds of product are shown; season tickets, packages, transport and hospitality are not sold, because no page says how
// (error.product.kind). Proposed of the kinds: items inside transport and hospitality, the members of topics, themes and visit
// languages, MultiplePerformances NO, passes for a day without a time slot; an additional state looks at the sale, not at stock.
//
// The three worlds are worlds/*.json: a museum, a theatre, a stadium. Their dates are rules relative to the base day and reach twelve
// weeks ahead of the clock, so a journal never grows stale. All that looks like chance follows from the seed. Barcodes begin with 0042
// to be told from real ones.
//
// SOAP 1.1 answers at /{module}/external-remoting/… from the same table as REST, with a WSDL at ?wsdl that is written from the wire
// types. Proposed there: the fault codes (wsse:FailedAuthentication and wsse:InvalidSecurity for a bad or absent UsernameToken,
// S:Client for what cannot be read, S:Server for a crash, S:VersionMismatch, S:MustUnderstand), always with HTTP 500; absent members
// left out but for requestId, statusCode and statusDetail, which are nil, as is published of all but lists in tnco and tnci; the base's
// members first; the slash of tnco's namespaces; unknown shapes as anyType; ?wsdl counted and logged as method "wsdl", and met by no
// armed fault. The namespace of a method may lack, with or without its slash; another version's is refused. A password digest is
// refused.
//
// ContactInformationPublicService and ExternalAccessControlService answer in tnco and tnci. Proposed there: the requests of
// searchContact and saveIndividualContactData, the consent codes, criteria LANGUAGE and INTERESTS, indicators BUYER and RETURNING,
// individualPhoto, a login that stays when the e-mail changes, contact numbers of seven digits, an equal holder line leading to the
// contact it made; in the list season, performance, seat and entrance and the causes REFUND and DUPLICATE; a mark good for its season,
// products and performances whatever the list type; a client told by the iss of its token (by SOAP the operator) that keeps a product
// for a day after its last export; at most one export a minute that begins a list and one that reads it to its end, else the status of
// the rate limit; a check known again by acIdentifier, barcode and controlDate, and refused when its result differs; CONTROLLED as a
// ticket's state in orders; the name timeZone; every error code. There are no structures but the partner, no third-party tickets, no
// containers, no tax numbers, no merge and no deletion of contacts.
//
// TIXNGO stands beside it at /tixngo/v3/organizer and /tixngo/v4/organizer (WalletOptions), one organizer of each generation per
// institution, with keys of their own (Platform.Organizers, GET /wallet on the control face). Injection, deletion, control, privileges
// (V3), changes by a signed key, reports and, in V4, status logs; POST /wallet/act does what spectators, gates and back-office do.
// Proposed there: all that tixngo's documentation calls unknown; a known ticket accepted and left as it is, a deleted one begun anew,
// one being deleted refused; a deletion confirmed after a minute (V4: at once when on no phone); transfers from a V4 phone only, back
// to an earlier owner being BACKWARD; activationParameters not looked at in V4; 409 while another function's call is under way; 600
// calls a minute; 1,000 tickets a call, 10,000 controls; the status USED of privileges and their deletion (V3, confirmed like a
// ticket's); V3's mode history, a step an item. Paths, headers, the proposed names of members and bare lists of results are
// WalletOptions. Not imitated there: CSV, contingents, resale rules, several phones, devices.
//
// The rest of an order's life: refunds and the organiser's own cancelling and reprinting (control face), files with status,
// attachments, references and ticket owners, payments, history, shipment, seats. Proposed there: refundOperations (operationId,
// movementIds) in a REFUND_ order of the sale's file, with negative amounts, payments taken with either sign;
// createPaymentsAndCloseOrder by any method that is forPayment, a refund by one that is forReimbursement, with barcodes, answering
// paymentDetails; a card's transaction numbers, its paymentTypes and the state WAITING_PAYMENT until notifyOrder, which closes or
// abandons, or reopenOrder, both of ExternalOrderService with orderId (and transactionId); the buyer at the payment centre (POST
// /payments/{id}/{what} on the control face); PART_SOLDED by the share on the account; contingentId; orderUpdateGranularity;
// checkPayment announcing payments; setMovementContactData's members and ticketOwner; fileStatusIC read back; attachments of 512 KiB,
// 20 a file; count, listFilesByCriteria, fileSummaries, ticketStates and all members of ticketSummaries from productId on; shipments in
// an order, their modes; seats moved in an open order within a seat category.
//
// Webhooks push orders, contacts, products, ticket checks and tickets to loopback addresses by the movable clock: once and, without a
// 200, twelve times more. Proposed there: filters as regular expressions over the whole value; abandoned orders with the lines they had
// and no amount; framing by the bucket's size, not by what is in it; a product told when a price moves, a performance is called off or
// comes into sight, never for its stock, as getProductDetails with every member, null if absent, dates in milliseconds and
// institutionSeatCatId, the category's number, for seatCatId; scopes by any code of it. Of the limits: what a spent month answers (an
// option), bytes of the bodies on the wire (an option: before compression), JSON and empty bodies, Retry-After to the next full minute.
// A restart with memory replays the journal file; without a file the world stays. What is used of the month is in the journal too, up
// to a hundred calls or ten seconds behind when the process is killed.
package sim
