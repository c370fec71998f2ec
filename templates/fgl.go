package templates

import (
	"bufio"
	"fmt"
	"strings"
)

// fgl is BOCA's Friendly Ghost Language. A place is <RCrow,column> in dots from the top left corner of the ticket as it lies,
// printed text upright (<NR>). <Gn> takes n bytes of graphics as they are, each eight dots below each other, the highest bit on
// top, one after the other from left to right. <Fn> chooses a font, <BSw,h> the box of its characters, <HWh,w> enlarges it.
// <p> prints and cuts.
type fgl struct{}

// fglFonts are the printer's OCR-B, the only letters whose measures its guides agree on: dots of a character, and of its box.
func fglFonts() []printerFont {
	return []printerFont{
		{name: "F9", height: 20, width: 14}, {name: "F3", height: 31, width: 19}, {name: "F6", height: 52, width: 34},
	}
}

// set implements thermalLanguage: the largest font that is no wider than the line and not much smaller. Letters beyond ASCII
// depend on the printer's code page, and a "<" would begin a command.
func (fgl) set(text string, width, size float64, _ int) (printerFont, bool) {
	if !ascii(text) || strings.ContainsAny(text, "<>") {
		return printerFont{}, false
	}
	const letters = 0.73 // height of a capital in sizes
	var best printerFont
	for _, f := range fglFonts() {
		for f.times = 1; f.times <= 3; f.times++ {
			high := float64(f.height * f.times)
			if float64(len(text)*f.width*f.times) <= width && high <= size*letters*1.15 && high > float64(best.height*best.times) {
				best = f
			}
		}
	}
	return best, float64(best.height*best.times) >= size*letters*0.7
}

// graphicBytes is how many bytes of graphics one command carries.
const graphicBytes = 100

// page implements thermalLanguage.
func (fgl) page(w *bufio.Writer, dots *bitmap, labels []label) {
	_, _ = w.WriteString("<NR>") // a buffer keeps its error for Flush, here and below
	column := make([]byte, dots.w)
	for y := 0; y < dots.h; y += 8 {
		for x := range column {
			column[x] = 0
			for i := range 8 {
				if dots.at(x, y+i) {
					column[x] |= 0x80 >> i
				}
			}
		}
		for x := 0; x < len(column); {
			if column[x] == 0 {
				x++
				continue
			}
			end := fglEnd(column, x)
			fmt.Fprintf(w, "<RC%d,%d><G%d>", y, x, end-x)
			_, _ = w.Write(column[x:end])
			x = end
		}
	}
	for _, l := range labels {
		fmt.Fprintf(w, "<RC%d,%d><%s><BS%d,%d><HW%d,%d>%s", max(0, l.y-l.font.height*l.font.times), l.x, l.font.name, l.font.width, l.font.height,
			l.font.times, l.font.times, l.text)
	}
	_, _ = w.WriteString("<p>")
}

// fglEnd is where a piece of graphics ends: at its longest, or before a gap that is worth another command.
func fglEnd(column []byte, from int) int {
	const gap = 20
	end := from + 1
	for i := from; i < min(len(column), from+graphicBytes); i++ {
		switch {
		case column[i] != 0:
			end = i + 1
		case i-end >= gap:
			return end
		}
	}
	return end
}
