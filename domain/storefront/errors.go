package storefront

// Codes of this package's errors.
const (
	CodeKeyUnknown     = "key.unknown" // no such key, or the wrong secret
	CodeKeyAbsent      = "key.absent"  // no key was sent
	CodeKeyRevoked     = "key.revoked"
	CodeKeyExpired     = "key.expired"
	CodeKeyScope       = "key.scope"
	CodeKeyInstitution = "key.institution"
	CodeKeyRate        = "key.rate"
	CodeKeyInput       = "key.input" // creating a key with impossible members
)
