package catalog

import "unicode/utf8"

// maxWord is the most letters of a word that count; what is longer is told apart by its beginning.
const maxWord = 40

// splitter cuts text into folded words of letters and digits. Its buffers are used again, so a word must be copied to be
// kept.
type splitter struct {
	rest    string
	plain   []byte // the word
	alt     []byte // the word with "ü" as "ue", where it differs
	differs bool
	wide    bool // of a script without blanks: not a word but a run of characters
	// elided: a short word that an apostrophe ties to the next one, as in "l'opéra".
	elided  bool
	letters int
}

// next goes on to the next word.
func (s *splitter) next() bool {
	s.plain, s.alt, s.differs, s.wide, s.elided, s.letters = s.plain[:0], s.alt[:0], false, false, false, 0
	for i, r := range s.rest {
		to, many, drop, word := foldRune(r)
		switch {
		case drop, !word && s.letters == 0:
			continue
		case !word, s.letters > 0 && wide(to) != s.wide:
			s.elided = to == '\'' && s.letters <= 2 && !s.wide
			s.rest = s.rest[i:]
			return true
		}
		s.add(r, to, many)
	}
	s.rest = ""
	return s.letters > 0
}

func (s *splitter) add(r, to rune, many string) {
	if s.letters == 0 {
		s.wide = wide(to)
	}
	if s.letters >= maxWord && !s.wide {
		return
	}
	written := german(r)
	if written != "" && !s.differs {
		s.alt, s.differs = append(s.alt, s.plain...), true
	}
	if many != "" {
		s.plain = append(s.plain, many...)
		s.letters += len(many)
	} else {
		s.plain = utf8.AppendRune(s.plain, to)
		s.letters++
	}
	switch {
	case !s.differs:
	case written != "":
		s.alt = append(s.alt, written...)
	case many != "":
		s.alt = append(s.alt, many...)
	default:
		s.alt = utf8.AppendRune(s.alt, to)
	}
}

// pairs yields what a run of a script without blanks is known by: each two characters that stand together, and the last
// one alone, so that any part of the run is found.
func pairs(run []byte, yield func([]byte)) {
	for len(run) > 0 {
		_, n := utf8.DecodeRune(run)
		_, m := utf8.DecodeRune(run[n:])
		yield(run[:n+m])
		run = run[n:]
	}
}
