package wallet

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"time"
)

// The parts of a CMS signature (RFC 5652) as they are written, with nothing optional that Apple does not ask for.
type (
	contentInfo struct {
		Type    asn1.ObjectIdentifier
		Content signedData `asn1:"explicit,tag:0"`
	}
	signedData struct {
		Version      int
		Digests      []algorithm `asn1:"set"`
		Encapsulated struct{ Type asn1.ObjectIdentifier }
		Certificates asn1.RawValue
		Signers      []signerInfo `asn1:"set"`
	}
	signerInfo struct {
		Version   int
		Signer    issuerAndSerial
		Digest    algorithm
		Signed    asn1.RawValue
		Signing   algorithm
		Signature []byte
	}
	issuerAndSerial struct {
		Issuer asn1.RawValue
		Serial *big.Int
	}
	algorithm struct {
		ID         asn1.ObjectIdentifier
		Parameters asn1.RawValue `asn1:"optional"`
	}
	attribute struct {
		Type   asn1.ObjectIdentifier
		Values []any `asn1:"set"`
	}
)

// signDetached signs content: the signature has the certificates given, the signer's own first, and the time.
func signDetached(content []byte, key crypto.Signer, chain []*x509.Certificate, at time.Time) ([]byte, error) {
	data, signed := asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	null := asn1.RawValue{Tag: asn1.TagNull}
	sha := algorithm{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}, null}
	signing := algorithm{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}, null}
	switch key.Public().(type) {
	case *rsa.PublicKey:
	case *ecdsa.PublicKey:
		signing = algorithm{ID: asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}}
	default:
		return nil, errors.New("the key is neither RSA nor ECDSA")
	}
	sum := sha256.Sum256(content)
	attributes, err := asn1.MarshalWithParams([]attribute{
		{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}, []any{data}},
		{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}, []any{sum[:]}},
		{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 5}, []any{at.UTC().Truncate(time.Second)}},
	}, "set") // sorted, as DER wants it
	if err != nil {
		return nil, fmt.Errorf("signed attributes: %w", err)
	}
	digest := sha256.Sum256(attributes)
	signature, err := key.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	var certificates bytes.Buffer
	for _, c := range chain {
		certificates.Write(c.Raw)
	}
	tagged := func(content []byte) asn1.RawValue { // [0] in place of a set's own tag
		return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: content}
	}
	var set asn1.RawValue
	if _, err := asn1.Unmarshal(attributes, &set); err != nil {
		return nil, err
	}
	out := signedData{
		Version: 1, Digests: []algorithm{sha}, Certificates: tagged(certificates.Bytes()),
		Signers: []signerInfo{{
			Version: 1, Signer: issuerAndSerial{asn1.RawValue{FullBytes: chain[0].RawIssuer}, chain[0].SerialNumber}, Digest: sha,
			Signed: tagged(set.Bytes), Signing: signing, Signature: signature,
		}},
	}
	out.Encapsulated.Type = data
	return asn1.Marshal(contentInfo{signed, out})
}
