package templates

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// role is what a part of a page is, in the words of PDF's structure.
type role string

const (
	roleHeading role = "H1"
	roleText    role = "P"
	rolePicture role = "Figure"
)

// silent is a canvas's answer to tag and untag where nobody listens.
type silent struct{}

func (silent) tag(role, string) {}
func (silent) untag()           {}

// tag begins a part of the page, unless one is begun already.
func (p *page) tag(r role, said string) {
	if p.depth++; p.depth > 1 {
		return
	}
	p.on.tag(r, said)
}

func (p *page) untag() {
	if p.depth--; p.depth > 0 {
		return
	}
	p.on.untag()
}

// roleOf is what a text of a layout is: an event's title is the heading of its page.
func roleOf(name string) role {
	if strings.Contains(name, "{title}") {
		return roleHeading
	}
	return roleText
}

// elem is a part of the page being drawn.
type elem struct {
	role    role
	said    string
	spoken  []byte // hexadecimal; the text in the order of reading where that is not the order of drawing
	from, n int    // its stretches of the page's content
}

// tags is what a PDF remembers of its structure.
type tags struct {
	elems   []elem // of this page
	part    int    // the one that is open, counted from 1; 0 is none
	marked  int    // whose content is being written, counted from 1; 0 is nobody's, decoration where it is negative
	begun   int    // where the stretch of it begins in the page's content
	clipped bool   // inside of a clip
	stretch int    // how many stretches of content this page has
	sects   []int  // object numbers of the pages' structures
	parents []int  // object numbers of the lists that say which stretch belongs to which part, by page
}

// decoration marks content that readers do not hear of.
const decoration = -1

// tag implements canvas.
func (p *pdf) tag(r role, said string) {
	p.elems = append(p.elems, elem{role: r, said: said})
	p.part = len(p.elems)
}

// untag implements canvas.
func (p *pdf) untag() { p.part = 0 }

// decorate says that what follows is decoration.
func (p *pdf) decorate() { p.mark(decoration) }

// say says that what follows is content: of the part that is open, or of one of its own.
func (p *pdf) say(r role, said string) *elem {
	part := p.part
	if part == 0 {
		p.tag(r, said)
		part = p.part
		p.untag()
	}
	e := &p.elems[part-1]
	if e.said == "" {
		e.said = said
	}
	p.mark(part)
	return e
}

// mark begins another stretch of content unless the one that is being written is of the same part.
func (p *pdf) mark(part int) {
	if p.marked == part {
		return
	}
	if p.marked != 0 {
		p.share()
		p.op("EMC\n")
	}
	p.marked = part
	switch part {
	case 0:
	case decoration:
		p.op("/Artifact BMC\n")
	default:
		e := &p.elems[part-1]
		if e.n == 0 {
			e.from = p.stretch
		}
		e.n++
		p.op("/" + string(e.role) + "<</MCID ")
		p.content = strconv.AppendInt(p.content, int64(p.stretch), 10)
		p.op(">>BDC\n")
		p.stretch++
	}
	p.begun, p.clipped, p.inked = len(p.content), len(p.inks) > 0, false
}

// Bounds of what pages share: what is shorter costs more than it saves, and a file remembers so much.
const (
	leastShared = 500
	mostShared  = 64
)

// share takes out of the page the stretch that was drawn last if an earlier page has it as well: decoration, terms. It is
// written once for all that follow.
func (p *pdf) share() {
	drawn := p.content[p.begun:]
	// What is clipped by something outside of it, or has pictures, cannot stand for itself. No two barcodes are alike.
	if len(drawn) < leastShared || p.clipped || len(p.inks) > 0 || bytes.Contains(drawn, []byte("Do\n")) ||
		(p.marked > 0 && p.elems[p.marked-1].role == rolePicture) {
		return
	}
	i, seen := p.forms[string(drawn)]
	switch {
	case !seen:
		if len(p.forms) < mostShared {
			p.forms[string(drawn)] = once
		}
		return
	case i == once:
		i = len(p.xobject)
		n := p.reserve()
		p.deflated(n, fmt.Sprintf("/Type/XObject/Subtype/Form/BBox[0 0 %s %s]/Resources<</Font %d 0 R>>",
			appendNumber(nil, p.width*pointsPerMM), appendNumber(nil, p.height*pointsPerMM), objFonts), drawn)
		p.forms[string(drawn)] = i
		p.xobject = append(p.xobject, n)
	}
	p.content = p.content[:p.begun]
	p.op("/P" + strconv.Itoa(i) + " Do\n")
}

// once is the number of what only one page has so far.
const once = -1

// structure writes what the page's parts mean, and begins the next page's.
func (p *pdf) structure(page int) {
	sect, list := p.reserve(), p.reserve()
	// What nothing was drawn of is left out. The others have numbers one after the other.
	p.elems = slices.DeleteFunc(p.elems, func(e elem) bool { return e.n == 0 })
	first := len(p.places)
	for range p.elems {
		p.reserve()
	}
	for i := range p.elems {
		p.beginObject(first + i)
		p.element(&p.elems[i], sect, page)
		p.endObject()
	}
	p.beginObject(list) // which part each stretch belongs to
	p.body("[")
	for i := range p.elems {
		for range p.elems[i].n {
			p.bodies = appendRef(p.bodies, first+i)
		}
	}
	p.body("]")
	p.endObject()
	p.beginObject(sect)
	p.body("<</S/Sect/P ")
	p.bodies = appendRef(p.bodies, objDocument)
	p.body("/K[")
	for i := range p.elems {
		p.bodies = appendRef(p.bodies, first+i)
	}
	p.body("]>>")
	p.endObject()
	p.sects, p.parents = append(p.sects, sect), append(p.parents, list)
	p.elems, p.part, p.stretch = p.elems[:0], 0, 0
}

// element writes one part of a page.
func (p *pdf) element(e *elem, sect, page int) {
	p.body("<</S/" + string(e.role) + "/P ")
	p.bodies = appendRef(p.bodies, sect)
	p.body("/Pg ")
	p.bodies = appendRef(p.bodies, page)
	p.body("/K[")
	for i := range e.n {
		p.bodies = append(strconv.AppendInt(p.bodies, int64(e.from+i), 10), ' ')
	}
	p.body("]")
	if e.said != "" && e.role == rolePicture {
		p.body("/Alt<FEFF")
		p.bodies = append(appendHex16(p.bodies, e.said), '>')
	}
	if len(e.spoken) > 0 {
		p.body("/ActualText<FEFF")
		p.bodies = append(append(p.bodies, e.spoken...), '>')
	}
	p.body(">>")
}

// endStructure writes the roots of the structure.
func (p *pdf) endStructure() {
	kids, nums := []byte{}, []byte{}
	for i := range p.sects {
		kids = appendRef(kids, p.sects[i])
		nums = appendRef(append(strconv.AppendInt(nums, int64(i), 10), ' '), p.parents[i])
	}
	p.object(objDocument, "<</S/Document/P "+ref(objStructure)+"/K["+string(kids)+"]>>")
	p.object(objStructure, "<</Type/StructTreeRoot/K "+ref(objDocument)+"/ParentTree<</Nums["+string(nums)+"]>>/ParentTreeNextKey "+
		strconv.Itoa(len(p.sects))+">>")
}

// ref writes a reference to an object.
func ref(n int) string { return string(appendRef(nil, n)) }

func appendRef(b []byte, n int) []byte {
	return append(strconv.AppendInt(b, int64(n), 10), " 0 R "...)
}
