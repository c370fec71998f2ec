package api

import (
	"strconv"
	"strings"

	"guichet/domain"
)

// maxCode bounds an institution code in an id; configuration keeps codes far shorter.
const maxCode = 64

// publicID writes a catalog id as callers see it: the institution and the platform's number, "play-101036924388".
func publicID[T ~int64](code domain.InstitutionCode, id T) string {
	return string(code) + "-" + strconv.FormatInt(int64(id), 10)
}

// parseID reads what publicID wrote, and nothing else: no signs, no leading zeros, no zero.
func parseID(s string) (code domain.InstitutionCode, id int64, ok bool) {
	at := strings.LastIndexByte(s, '-')
	if at <= 0 || at > maxCode {
		return "", 0, false
	}
	name, digits := s[:at], s[at+1:]
	for i := range len(name) {
		if c := name[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return "", 0, false
		}
	}
	if digits == "" || digits[0] < '1' || digits[0] > '9' {
		return "", 0, false
	}
	id, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return "", 0, false
	}
	return domain.InstitutionCode(name), id, true
}

// cut shortens what a caller sent before it is echoed.
func cut(s string) string {
	const most = 80
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
