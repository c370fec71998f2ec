package s360

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// Decode reads one JSON document into v, a non-nil pointer to one of this
// package's types, with the leniency the platform needs, in a single pass:
//
//   - null, an absent member and an empty text leave the zero value;
//   - a list may be an array, one bare element, null or an empty text;
//   - an object may be an array of one;
//   - a text may be a number or a flag;
//   - a member may carry one of the names in its alias tag;
//   - a member nobody knows goes to Extra where the type has one, else is
//     ignored.
//
// The error names the path of the offending member and never its value, except
// for an amount. Types with an Extra decode themselves this way, so encoding/json
// reads everything below them alike; it is stricter about the few types above.
func Decode(data []byte, v any) error { return new(plans).decode(data, v) }

// Unknown reads data into v like Decode and returns the members that v's types
// neither name nor keep in an Extra, each as "Type.member". The simulator uses
// it to refuse a misspelled request.
func Unknown(data []byte, v any) ([]string, error) {
	if err := check(data); err != nil {
		return nil, err
	}
	return new(plans).decodeChecked(data, v)
}

// plans remembers how types are read, for as long as one client or one
// document lives. The zero value knows none; it is safe for concurrent use.
type plans struct{ byType sync.Map }

// decode is Decode.
func (p *plans) decode(data []byte, v any) error {
	if err := check(data); err != nil {
		return err
	}
	return p.decodeValid(data, v)
}

// decodeValid is Decode for data that is known to be valid JSON.
func (p *plans) decodeValid(data []byte, v any) error {
	_, err := p.decodeChecked(data, v)
	return err
}

func (p *plans) decodeChecked(data []byte, v any) ([]string, error) {
	rv := reflect.ValueOf(v)
	if rv.Kind() != reflect.Pointer || rv.IsNil() {
		return nil, fmt.Errorf("decode into %T: need a non-nil pointer", v)
	}
	d := newDecoder(data, p)
	_, d.once = v.(onlyOnce)
	d.space()
	if err := d.value(rv.Elem()); err != nil {
		return nil, err
	}
	return d.unknown, nil
}

// decoder walks a document that is known to be valid JSON.
type decoder struct {
	data    []byte
	pos     int
	plans   *plans
	unknown []string
	once    bool              // a member that stands twice is an error
	texts   map[string]string // short texts read before, when they are kept
}

func newDecoder(data []byte, known *plans) *decoder { return &decoder{data: data, plans: known} }

// onlyOnce marks a type in whose document no member may stand twice: which of
// the two counts would be chance.
type onlyOnce interface{ onlyOnce() }

// maxMembers is how many names a type may know.
const maxMembers = 128

// seen are the known members that an object had so far.
type seen [maxMembers / 64]uint64

// again notes the n-th name of a type and tells whether it was there before.
func (s *seen) again(n int) bool {
	before := s[n/64]&(1<<(n%64)) != 0
	s[n/64] |= 1 << (n % 64)
	return before
}

// plan says where the members of a struct type go.
type plan struct {
	members map[string]member
	extra   []int // index of the Extra field, nil if there is none
	after   bool  // *T implements afterDecoder
}

// tell hands the object to the value it was read into.
func (p *plan) tell(v reflect.Value, object []byte) error {
	if after, ok := v.Addr().Interface().(afterDecoder); ok {
		return after.afterDecode(object)
	}
	return nil
}

type member struct {
	n     int // counts the names of the type
	index []int
	alias bool // reached by another name: gives way to the proper one
	soft  bool // a value of the wrong shape is treated as an unknown member
}

// afterDecoder is told the whole object once its members are read.
type afterDecoder interface{ afterDecode(object []byte) error }

// wrongValue is what a member's value did not satisfy, and where.
type wrongValue struct {
	path string
	err  error
}

func (w *wrongValue) Error() string { return w.path + ": " + w.err.Error() }
func (w *wrongValue) Unwrap() error { return w.err }

func inMember(name string, err error) error {
	var w *wrongValue
	if !errors.As(err, &w) {
		return &wrongValue{path: name, err: err}
	}
	if strings.HasPrefix(w.path, "[") {
		w.path = name + w.path
	} else {
		w.path = name + "." + w.path
	}
	return w
}

// of says how a struct type is read.
func (p *plans) of(t reflect.Type) *plan {
	if known, ok := p.byType.Load(t); ok {
		if known, ok := known.(*plan); ok {
			return known
		}
	}
	made := planOf(t)
	p.byType.Store(t, made)
	return made
}

func planOf(t reflect.Type) *plan {
	p := &plan{members: map[string]member{}}
	p.after = reflect.PointerTo(t).Implements(reflect.TypeFor[afterDecoder]())
	for _, f := range reflect.VisibleFields(t) {
		if !f.IsExported() || f.Anonymous {
			continue
		}
		if f.Name == "Extra" && f.Type == reflect.TypeFor[map[string]json.RawMessage]() {
			p.extra = f.Index
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		soft := f.Tag.Get("soft") != ""
		p.members[name] = member{index: f.Index, soft: soft}
		for alias := range strings.SplitSeq(f.Tag.Get("alias"), ",") {
			if _, taken := p.members[alias]; alias != "" && !taken {
				p.members[alias] = member{index: f.Index, alias: true, soft: true}
			}
		}
	}
	n := 0
	for name, m := range p.members {
		m.n = n
		p.members[name] = m
		n++
	}
	if n > maxMembers {
		panic("s360: " + t.Name() + " has too many members")
	}
	return p
}

var (
	errShape   = errors.New("has another shape than known")
	errTwice   = errors.New("stands twice")
	amountType = reflect.TypeFor[Amount]()
	spanType   = reflect.TypeFor[Span]()
)

// value reads the value at pos into v.
func (d *decoder) value(v reflect.Value) error {
	if d.data[d.pos] == 'n' && v.Type() != amountType {
		d.skip()
		return nil
	}
	if u, ok := v.Addr().Interface().(json.Unmarshaler); ok && isScalar(u) {
		return u.UnmarshalJSON(d.raw())
	}
	if v.Type() == spanType {
		if raw := d.raw(); emptyList(raw) {
			v.SetZero()
		} else {
			v.SetBytes(raw)
		}
		return nil
	}
	switch v.Kind() {
	case reflect.Pointer:
		return d.pointer(v)
	case reflect.Struct:
		return d.object(v)
	case reflect.Slice:
		return d.list(v)
	case reflect.Map:
		return d.mapping(v)
	case reflect.String:
		return d.text(v)
	default:
		return fmt.Errorf("no rule for %s", v.Type())
	}
}

// emptyList reports whether a value is a list without elements, or the empty
// text that stands for one.
func emptyList(raw []byte) bool {
	return string(raw) == `""` || (raw[0] == '[' && len(bytes.TrimSpace(raw[1:len(raw)-1])) == 0)
}

func isScalar(u json.Unmarshaler) bool {
	switch u.(type) {
	case *ID, *Int, *Amount, *Bool, *Decimal, *Date, *Instant, *Barcode, *json.RawMessage:
		return true
	}
	return false
}

func (d *decoder) pointer(v reflect.Value) error {
	if d.data[d.pos] == '"' && d.data[d.pos+1] == '"' {
		d.skip()
		return nil
	}
	p := reflect.New(v.Type().Elem())
	if err := d.value(p.Elem()); err != nil {
		return err
	}
	v.Set(p)
	return nil
}

func (d *decoder) text(v reflect.Value) error {
	raw := d.raw()
	switch raw[0] {
	case '{', '[':
		return errNoScalar
	case '"':
		s, err := d.unquote(raw)
		if err != nil {
			return err
		}
		v.SetString(s)
	default:
		v.SetString(string(raw))
	}
	return nil
}

func (d *decoder) list(v reflect.Value) error {
	if d.data[d.pos] == '"' && d.data[d.pos+1] == '"' {
		d.skip()
		return nil
	}
	if d.data[d.pos] != '[' {
		one := reflect.MakeSlice(v.Type(), 1, 1)
		if err := d.value(one.Index(0)); err != nil {
			return err
		}
		v.Set(one)
		return nil
	}
	d.pos++
	v.SetZero()
	n := 0
	for d.space(); d.data[d.pos] != ']'; d.space() {
		if n == v.Cap() {
			v.Grow(max(4, n))
		}
		v.SetLen(n + 1)
		if err := d.value(v.Index(n)); err != nil {
			return inMember("["+strconv.Itoa(n)+"]", err)
		}
		n++
		d.comma()
	}
	d.pos++
	return nil
}

func (d *decoder) mapping(v reflect.Value) error {
	if d.data[d.pos] != '{' {
		if raw := d.raw(); string(raw) != `""` {
			return errShape
		}
		return nil
	}
	d.pos++
	m := reflect.MakeMap(v.Type())
	for d.space(); d.data[d.pos] != '}'; d.space() {
		name, err := d.name()
		if err != nil {
			return err
		}
		e := reflect.New(v.Type().Elem()).Elem()
		if err := d.value(e); err != nil {
			return inMember(name, err)
		}
		m.SetMapIndex(reflect.ValueOf(name), e)
		d.comma()
	}
	d.pos++
	v.Set(m)
	return nil
}

func (d *decoder) object(v reflect.Value) error {
	start := d.pos
	switch d.data[d.pos] {
	case '{':
	case '[':
		return d.arrayOfOne(v)
	default:
		if raw := d.raw(); string(raw) != `""` {
			return errShape
		}
		return nil
	}
	p := d.plans.of(v.Type())
	d.pos++
	var before seen
	for d.space(); d.data[d.pos] != '}'; d.space() {
		if err := d.member(v, p, &before); err != nil {
			return err
		}
		d.comma()
	}
	d.pos++
	if p.after {
		return p.tell(v, d.data[start:d.pos])
	}
	return nil
}

func (d *decoder) arrayOfOne(v reflect.Value) error {
	d.pos++
	d.space()
	if d.data[d.pos] == ']' {
		d.pos++
		return nil
	}
	if err := d.value(v); err != nil {
		return err
	}
	d.space()
	if d.data[d.pos] != ']' {
		return errors.New("is a list where one object is due")
	}
	d.pos++
	return nil
}

// member reads one name and its value into the struct v.
func (d *decoder) member(v reflect.Value, p *plan, before *seen) error {
	at := d.pos
	m, known := d.lookUp(p)
	if !known {
		d.pos = at
		name, err := d.name()
		if err != nil {
			return err
		}
		if m, known = p.members[name]; !known {
			return d.keep(v, p, name)
		}
	}
	if before.again(m.n) && d.once {
		return inMember(d.nameAt(at), errTwice)
	}
	field := v.FieldByIndex(m.index)
	if m.alias && !field.IsZero() {
		return d.keep(v, p, d.nameAt(at))
	}
	from := d.pos
	err := d.value(field)
	if err == nil {
		return nil
	}
	if m.soft && !errors.Is(err, errTwice) {
		field.SetZero()
		d.pos = from
		return d.keep(v, p, d.nameAt(at))
	}
	return inMember(d.nameAt(at), err)
}

// lookUp finds the member named at pos without making a string of the name, and
// leaves pos at the value.
func (d *decoder) lookUp(p *plan) (member, bool) {
	raw := d.raw()
	d.colon()
	m, ok := p.members[string(raw[1:len(raw)-1])]
	return m, ok
}

// nameAt returns the member name written at the given position.
func (d *decoder) nameAt(at int) string {
	here := d.pos
	d.pos = at
	name, _ := d.name()
	d.pos = here
	return name
}

// keep puts the value at pos into Extra, or notes its name as unknown.
func (d *decoder) keep(v reflect.Value, p *plan, name string) error {
	raw := d.raw()
	if p.extra == nil {
		d.unknown = append(d.unknown, v.Type().Name()+"."+name)
		return nil
	}
	field := v.FieldByIndex(p.extra)
	extra, _ := field.Interface().(map[string]json.RawMessage)
	if extra == nil {
		extra = map[string]json.RawMessage{}
		field.Set(reflect.ValueOf(extra))
	}
	if _, twice := extra[name]; twice && d.once {
		return inMember(name, errTwice)
	}
	extra[name] = append(json.RawMessage(nil), raw...)
	return nil
}

func (d *decoder) name() (string, error) {
	s, err := unquote(d.raw())
	d.colon()
	return s, err
}

func (d *decoder) colon() {
	d.space()
	d.pos++
	d.space()
}

func (d *decoder) comma() {
	d.space()
	if d.data[d.pos] == ',' {
		d.pos++
	}
}

func (d *decoder) space() {
	for d.pos < len(d.data) {
		switch d.data[d.pos] {
		case ' ', '\t', '\r', '\n':
			d.pos++
		default:
			return
		}
	}
}

// raw returns the bytes of the value at pos and moves past it.
func (d *decoder) raw() []byte {
	from := d.pos
	d.skip()
	return d.data[from:d.pos]
}

// skip moves past the value at pos.
func (d *decoder) skip() {
	depth := 0
	for d.pos < len(d.data) {
		switch d.data[d.pos] {
		case '"':
			d.skipText()
		case '{', '[':
			depth++
			d.pos++
		case '}', ']':
			depth--
			d.pos++
		case ',', ':', ' ', '\t', '\r', '\n':
			d.pos++
		default:
			d.skipLiteral()
		}
		if depth == 0 {
			return
		}
	}
}

func (d *decoder) skipText() {
	for d.pos++; d.data[d.pos] != '"'; d.pos++ {
		if d.data[d.pos] == '\\' {
			d.pos++
		}
	}
	d.pos++
}

func (d *decoder) skipLiteral() {
	for d.pos < len(d.data) {
		switch d.data[d.pos] {
		case ',', ':', ' ', '\t', '\r', '\n', '{', '}', '[', ']', '"':
			return
		}
		d.pos++
	}
}

// keepsTexts is the length up to which texts are looked up among those read
// before: codes, locales and names come again and again.
const keepsTexts = 64

// unquote is unquote with one copy of each short text where texts are kept.
func (d *decoder) unquote(raw []byte) (string, error) {
	if d.texts == nil || len(raw) > keepsTexts {
		return unquote(raw)
	}
	if s, ok := d.texts[string(raw)]; ok {
		return s, nil
	}
	s, err := unquote(raw)
	if err == nil {
		d.texts[string(raw)] = s
	}
	return s, err
}

// unquote returns the content of a JSON string.
func unquote(b []byte) (string, error) {
	in := b[1 : len(b)-1]
	if bytes.IndexByte(in, '\\') < 0 && utf8.Valid(in) {
		return string(in), nil
	}
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return "", errors.New("is not a text")
	}
	return s, nil
}
