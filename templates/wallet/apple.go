package wallet

import (
	"archive/zip"
	"bytes"
	"crypto"
	"crypto/sha1" //nolint:gosec // G505: the manifest's sums are Apple's choice; the signature over them is SHA-256
	"crypto/tls"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"guichet/domain"
	"guichet/domain/delivery"
	"guichet/templates"
)

// AppleOptions are what Apple Wallet needs. All members but WebService, Looks and Roots are mandatory.
type AppleOptions struct {
	PassType     string         // "pass.com.example.tickets", as in the certificate
	Team         string         // ten letters and digits, as in the certificate
	Certificate  []byte         // PEM or DER
	Key          domain.Secret  // PEM, not encrypted: PKCS #8, PKCS #1 or SEC 1
	Intermediate []byte         // Apple's WWDR certificate, PEM or DER
	WebService   string         // https address that phones ask under; empty: passes are never updated
	Push         string         // APNs; empty is Apple's own
	Roots        *x509.CertPool // who vouches for Push; nil: the system's
	Looks        map[domain.InstitutionCode]Look
	Clock        domain.Clock
}

// applePush is Apple's push service.
const applePush = "https://api.push.apple.com"

// Apple builds, signs and pushes passes. It implements delivery.Apple and is safe for concurrent use.
type Apple struct {
	passType, team, webService, push string
	key                              crypto.Signer
	chain                            []*x509.Certificate
	words                            *templates.Dictionary
	looks                            map[domain.InstitutionCode]*look
	clock                            domain.Clock
	client                           *http.Client
}

var _ delivery.Apple = (*Apple)(nil)

// NewApple reads certificate, key and pictures. It refuses what does not go together: a key of another certificate, a
// certificate of another pass type or team, an intermediate that did not sign it. Whether they have expired is not looked at:
// see Expires.
func NewApple(o AppleOptions) (*Apple, error) {
	leaf, err := certificate(o.Certificate)
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	between, err := certificate(o.Intermediate)
	if err != nil {
		return nil, fmt.Errorf("intermediate: %w", err)
	}
	key, err := privateKey(o.Key)
	if err != nil {
		return nil, err
	}
	if public, ok := leaf.PublicKey.(interface{ Equal(crypto.PublicKey) bool }); !ok || !public.Equal(key.Public()) {
		return nil, errors.New("the key is not the certificate's")
	}
	if err := leaf.CheckSignatureFrom(between); err != nil {
		return nil, errors.New("the certificate was not signed by the intermediate; Apple's site says which WWDR certificate did")
	}
	if err := named(leaf, o.PassType, o.Team); err != nil {
		return nil, err
	}
	words, err := templates.NewDictionary()
	if err != nil {
		return nil, err
	}
	a := &Apple{
		passType: o.PassType, team: o.Team, webService: strings.TrimSuffix(o.WebService, "/"), push: strings.TrimSuffix(o.Push, "/"), key: key,
		chain: []*x509.Certificate{leaf, between}, words: words, looks: map[domain.InstitutionCode]*look{}, clock: o.Clock,
	}
	if a.push == "" {
		a.push = applePush
	}
	for code, l := range o.Looks {
		if a.looks[code], err = l.read(); err != nil {
			return nil, fmt.Errorf("%s: %w", code, err)
		}
	}
	a.client = client(&tls.Config{
		MinVersion: tls.VersionTLS12, RootCAs: o.Roots,
		Certificates: []tls.Certificate{{Certificate: [][]byte{leaf.Raw, between.Raw}, PrivateKey: key, Leaf: leaf}},
	})
	return a, nil
}

// passTypeForm is what Apple's pass type identifiers look like.
var passTypeForm = regexp.MustCompile(`^pass\.[A-Za-z0-9.-]{1,190}$`)

// named checks the certificate's own names, where it has any.
func named(c *x509.Certificate, passType, team string) error {
	if !passTypeForm.MatchString(passType) {
		return fmt.Errorf("the pass type %q does not begin with pass. and go on with letters, digits, dots and hyphens", passType)
	}
	userID := asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 1}
	for _, n := range c.Subject.Names {
		if id, _ := n.Value.(string); n.Type.Equal(userID) && id != passType {
			return fmt.Errorf("the certificate is for %s, not for %s", id, passType)
		}
	}
	if units := c.Subject.OrganizationalUnit; len(units) > 0 && !slices.Contains(units, team) {
		return fmt.Errorf("the certificate is of team %s, not of %s", strings.Join(units, ", "), team)
	}
	return nil
}

// certificate reads one as PEM or DER.
func certificate(raw []byte) (*x509.Certificate, error) {
	if block, _ := pem.Decode(raw); block != nil {
		raw = block.Bytes
	}
	c, err := x509.ParseCertificate(raw)
	if err != nil {
		return nil, errors.New("neither a PEM nor a DER certificate")
	}
	return c, nil
}

// privateKey reads a key without ever quoting it.
func privateKey(text domain.Secret) (crypto.Signer, error) {
	block, _ := pem.Decode([]byte(text.Reveal()))
	if block == nil {
		return nil, errors.New("the key is not PEM")
	}
	if strings.Contains(block.Type, "ENCRYPTED") || block.Headers["DEK-Info"] != "" {
		return nil, errors.New("the key is encrypted; store it without a pass phrase, readable by this program only")
	}
	if k, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
		if s, ok := k.(crypto.Signer); ok {
			return s, nil
		}
	}
	if k, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return k, nil
	}
	if k, err := x509.ParseECPrivateKey(block.Bytes); err == nil {
		return k, nil
	}
	return nil, errors.New("the key is neither PKCS #8 nor PKCS #1 nor SEC 1")
}

// PassType implements delivery.Apple.
func (a *Apple) PassType() string { return a.passType }

// Expires is when the first of certificate and intermediate expires. Passes signed after that are refused by phones; those
// signed before stay good.
func (a *Apple) Expires() time.Time {
	first := a.chain[0].NotAfter
	for _, c := range a.chain[1:] {
		if c.NotAfter.Before(first) {
			first = c.NotAfter
		}
	}
	return first
}

// Pass implements delivery.Apple.
func (a *Apple) Pass(w io.Writer, p delivery.Pass) error {
	files, err := a.files(&p)
	if err != nil {
		return err
	}
	return pack(w, files)
}

// Bundle implements delivery.Apple: one file for each pass, named by its number.
func (a *Apple) Bundle(w io.Writer, list []delivery.Pass) error {
	bundle := map[string][]byte{}
	for i, p := range list {
		var b bytes.Buffer
		if err := a.Pass(&b, p); err != nil {
			return err
		}
		bundle[fmt.Sprintf("%03d.pkpass", i+1)] = b.Bytes()
	}
	return pack(w, bundle)
}

// languageForm is what a language may look like that gets a folder of its own.
var languageForm = regexp.MustCompile(`^[a-z]{2,3}(-[a-z0-9]{2,8}){0,2}$`)

// files are those of a pass, by their names.
func (a *Apple) files(p *delivery.Pass) (map[string][]byte, error) {
	look := a.looks[p.Institution]
	if look == nil {
		return nil, fmt.Errorf("wallet: no look of %s", p.Institution)
	}
	content, err := a.pass(p)
	if err != nil {
		return nil, err
	}
	files := maps.Clone(look.files)
	files["pass.json"] = content
	own := a.event(p)
	for _, lang := range a.words.Languages() {
		files[lproj(lang)+"/pass.strings"] = stringsFile(lang, a.translations(p, own, lang))
	}
	if languageForm.MatchString(p.Language) { // so that a phone in this language does not look for another one
		files[lproj(p.Language)+"/pass.strings"] = stringsFile(p.Language, nil)
	}
	manifest := map[string]string{}
	for name, b := range files {
		sum := sha1.Sum(b) //nolint:gosec // G401: see above
		manifest[name] = hex.EncodeToString(sum[:])
	}
	if files["manifest.json"], err = json.Marshal(manifest); err != nil { // the encoder sorts names
		return nil, err
	}
	if files["signature"], err = signDetached(files["manifest.json"], a.key, a.chain, a.clock()); err != nil {
		return nil, err
	}
	return files, nil
}

// pack writes files in the order of their names, all of one time.
func pack(w io.Writer, files map[string][]byte) error {
	z := zip.NewWriter(w)
	for _, name := range sorted(files) {
		f, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)})
		if err != nil {
			return err
		}
		if _, err := f.Write(files[name]); err != nil {
			return err
		}
	}
	return z.Close()
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
