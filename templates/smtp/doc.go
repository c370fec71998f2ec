// Package smtp hands messages to a mail relay by SMTP. It implements delivery.Mailer.
//
// What does not belong here: what a mail says (templates), and when it is sent and again (domain/delivery).
package smtp
