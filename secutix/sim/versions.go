package sim

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// current are the versions of the sales services: the frozen one, the active one and an older one with a REST face.
func current() []string { return []string{"v1_33", "v1_34", "v1_30"} }

// lastGone is the newest version of the sales services that is at its end of life.
const lastGone = "v1_27"

// numbersOf tells the major and the minor number of a version such as v1_33.
func numbersOf(version string) (major, minor int, ok bool) {
	a, b, _ := strings.Cut(strings.TrimPrefix(version, "v"), "_")
	major, err := strconv.Atoi(a)
	minor, err2 := strconv.Atoi(b)
	return major, minor, err == nil && err2 == nil && version == fmt.Sprintf("v%d_%d", major, minor)
}

// before says whether a version is older than another one. What is no version is not.
func before(version, other string) bool {
	a, b, ok := numbersOf(version)
	c, d, ok2 := numbersOf(other)
	return ok && ok2 && (a < c || a == c && b < d)
}

// as is the service as one of its versions has it.
func (s *service) as(version string) *service {
	own := *s
	own.methods = slices.DeleteFunc(slices.Clone(s.methods), func(m method) bool { return m.since != "" && before(version, m.since) })
	return &own
}

// absent answers for a version that is not served: gone for good, or not known.
func (s *service) absent(version string) reply {
	if s.gone != "" && (version == s.gone || before(version, s.gone)) {
		return textReply(http.StatusGone, s.soap+" "+version+" is at its end of life and gone; use "+s.versions[0])
	}
	return textReply(http.StatusNotFound, "no such version: "+s.soap+" has no "+version+"; there are "+strings.Join(s.versions, ", "))
}
