// Package wallet speaks to the wallets on phones: it builds and signs Apple Wallet's passes and tells phones of changes through
// Apple's push service, and it keeps Google Wallet's classes and objects and signs the links that save them. It implements
// delivery.Apple and delivery.Google.
//
// # Apple
//
// A .pkpass is a ZIP of pass.json, pictures, and translations of its texts, with a manifest of SHA-1 sums, and a detached CMS
// signature (SHA-256, signing time, certificate and intermediate) over that. Files stand in the order of their names with one
// fixed time, so that the same pass gives the same bytes but for the signature. SHA-1 is Apple's choice: what protects the
// manifest is the signature.
//
// # Google
//
// One class for each thing to go to, one object for each ticket, both made by REST with a service account's token; a link names
// objects only, so that it stays within 1,800 characters.
//
// What does not belong here: which tickets get passes, when they change, who may ask (delivery.Wallets).
package wallet
