package main

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestConfig_WalletProblemsAreNamed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "guichet.yaml")
	write(t, filepath.Join(dir, "pass.pem"), "no certificate")
	write(t, filepath.Join(dir, "pass.key"), "-----BEGIN PRIVATE KEY-----\nopen-sesame\n")
	write(t, filepath.Join(dir, "service.json"), `{"client_email":"a@b","private_key":"open-sesame"}`)
	institution := "institutions:\n  - {code: theatre, base_url: 'https://theatre.example', operator: O, partner: P, partner_contact: '1', "
	for want, text := range map[string]string{
		"apple_wallet: certificate: neither a PEM nor a DER":                   "apple_wallet: {pass_type: pass.x, team: T, certificate_file: pass.pem, intermediate_file: pass.pem, key_file: pass.key}\n" + institution + "}\n",
		"apple_wallet.key_file: it is needed":                                  "apple_wallet: {pass_type: pass.x, team: T, certificate_file: pass.pem, intermediate_file: pass.pem}\n" + institution + "}\n",
		"apple_wallet.certificate_file: open":                                  "apple_wallet: {pass_type: pass.x, team: T, certificate_file: none.pem, intermediate_file: pass.pem, key_file: pass.key}\n" + institution + "}\n",
		"apple_wallet.push: http is for this machine only":                     "apple_wallet: {push: 'http://push.example'}\n" + institution + "}\n",
		`google_wallet.issuer: "x" is not a number`:                            "google_wallet: {issuer: x, service_account_file: service.json}\n" + institution + "}\n",
		"google_wallet: service account: the key is not PEM":                   "google_wallet: {issuer: '33880000', service_account_file: service.json}\n" + institution + "}\n",
		`institution theatre: wallets: "samsung" is neither apple nor google`:  institution + "wallets: [samsung]}\n",
		"institution theatre: wallets: set apple_wallet or google_wallet, too": institution + "wallets: [apple]}\n",
		"institution theatre: wallets: TIXNGO brings these tickets to phones":  institution + "tixngo: true, wallets: [google]}\n",
		`institution theatre: wallet_color: "red" is not #rrggbb`:              institution + "wallet_color: red}\n",
		"institution theatre: wallet_logo: open":                               institution + "wallet_logo: none.png}\n",
	} {
		write(t, file, text)
		_, err := loadConfig(file, []string{"GUICHET_SECRET_THEATRE=s"})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
		if err != nil && strings.Contains(err.Error(), "open-sesame") {
			t.Errorf("a key is quoted: %v", err)
		}
	}
}
