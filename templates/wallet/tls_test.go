package wallet_test

import "crypto/tls"

// askForCertificate wants a certificate of the caller and leaves it to the handler to look at it.
func askForCertificate() *tls.Config {
	return &tls.Config{ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS12}
}
