package s360

import (
	"errors"
	"fmt"
)

// maxDepth is how deep objects and lists may stand in each other. The
// platform's own documents are some 20 deep.
const maxDepth = 256

var (
	errNotJSON = errors.New("not JSON")
	errCutOff  = errors.New("not JSON: cut off before its end")
	errTooDeep = fmt.Errorf("nested more than %d deep", maxDepth)
)

// check tells whether data is one JSON document that is not nested too deeply.
// It accepts what json.Valid accepts, up to that depth.
func check(data []byte) error {
	c := checker{data: data}
	depth := 0
	var object [maxDepth]bool
	for {
		opened, err := c.value()
		if err != nil {
			return err
		}
		if opened != 0 {
			if depth == maxDepth {
				return errTooDeep
			}
			object[depth] = opened == '{'
			depth++
			if c.space(); c.next() != closing(object[depth-1]) {
				if object[depth-1] {
					err = c.name()
				}
				if err != nil {
					return err
				}
				continue
			}
		}
		if depth, err = c.after(&object, depth); err != nil || depth == 0 {
			return err
		}
	}
}

func closing(object bool) byte {
	if object {
		return '}'
	}
	return ']'
}

// checker reads a document from which nothing is expected.
type checker struct {
	data []byte
	pos  int
}

// next is the byte at pos; 0, which no document has outside of a text, at the
// end.
func (c *checker) next() byte {
	if c.pos < len(c.data) {
		return c.data[c.pos]
	}
	return 0
}

func (c *checker) space() {
	for c.pos < len(c.data) {
		switch c.data[c.pos] {
		case ' ', '\n', '\t', '\r':
			c.pos++
		default:
			return
		}
	}
}

// broken is what is wrong at pos: the end of data, or a byte that may not be.
func (c *checker) broken() error {
	if c.pos >= len(c.data) && len(c.data) > 0 {
		return errCutOff
	}
	return errNotJSON
}

// after reads what follows a value, closing what ends, up to where the next
// value begins. Depth 0 is the end of the document.
func (c *checker) after(object *[maxDepth]bool, depth int) (int, error) {
	for depth > 0 {
		c.space()
		switch c.next() {
		case ',':
			c.pos++
			if object[depth-1] {
				return depth, c.name()
			}
			return depth, nil
		case closing(object[depth-1]):
			c.pos++
			depth--
		default:
			return depth, c.broken()
		}
	}
	if c.space(); c.pos < len(c.data) {
		return 0, errNotJSON
	}
	return 0, nil
}

// value reads a scalar, or the opening of an object or a list, which it returns.
func (c *checker) value() (opened byte, err error) {
	c.space()
	switch b := c.next(); {
	case b == '{' || b == '[':
		c.pos++
		return b, nil
	case b == '"':
		return 0, c.text()
	case b == '-' || digit(b):
		return 0, c.number()
	case b == 't':
		return 0, c.word("true")
	case b == 'f':
		return 0, c.word("false")
	case b == 'n':
		return 0, c.word("null")
	default:
		return 0, c.broken()
	}
}

// name reads a member's name and the colon behind it.
func (c *checker) name() error {
	if c.space(); c.next() != '"' {
		return c.broken()
	}
	if err := c.text(); err != nil {
		return err
	}
	if c.space(); c.next() != ':' {
		return c.broken()
	}
	c.pos++
	return nil
}

func (c *checker) word(w string) error {
	for i := range len(w) {
		if c.next() != w[i] {
			return c.broken()
		}
		c.pos++
	}
	return nil
}

func digit(b byte) bool { return b >= '0' && b <= '9' }

func (c *checker) number() error {
	if c.next() == '-' {
		c.pos++
	}
	switch b := c.next(); {
	case b == '0':
		c.pos++
	case !c.digits():
		return c.broken()
	}
	if c.next() == '.' {
		if c.pos++; !c.digits() {
			return c.broken()
		}
	}
	if b := c.next(); b == 'e' || b == 'E' {
		c.pos++
		if b := c.next(); b == '+' || b == '-' {
			c.pos++
		}
		if !c.digits() {
			return c.broken()
		}
	}
	return nil
}

// digits reads one or more digits.
func (c *checker) digits() bool {
	from := c.pos
	for digit(c.next()) {
		c.pos++
	}
	return c.pos > from
}

func (c *checker) text() error {
	c.pos++
	for c.pos < len(c.data) {
		switch b := c.data[c.pos]; {
		case b == '"':
			c.pos++
			return nil
		case b < ' ':
			return errNotJSON
		case b == '\\':
			c.pos++
			if err := c.escape(); err != nil {
				return err
			}
		default:
			c.pos++
		}
	}
	return c.broken()
}

func (c *checker) escape() error {
	switch c.next() {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		c.pos++
		return nil
	case 'u':
		c.pos++
		for range 4 {
			if b := c.next() | 0x20; !digit(c.next()) && (b < 'a' || b > 'f') {
				return c.broken()
			}
			c.pos++
		}
		return nil
	default:
		return c.broken()
	}
}
