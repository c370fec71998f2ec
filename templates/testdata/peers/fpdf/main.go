// Command fpdf prints tickets with codeberg.org/go-pdf/fpdf: the data's file is the argument, then a line of input is a job
// ("alone 10", "book 1000", "save FILE 1") and a line of output the answer, how many bytes were made.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"

	"codeberg.org/go-pdf/fpdf"
)

type code struct {
	W    float64      `json:"w"`
	H    float64      `json:"h"`
	Bars [][4]float64 `json:"bars"`
}

type ticket struct {
	Title   string      `json:"title"`
	Fields  [][2]string `json:"fields"`
	QR      code        `json:"qr"`
	Code128 code        `json:"code128"`
}

type printer struct {
	Logo    string   `json:"logo"`
	Regular string   `json:"regular"`
	Bold    string   `json:"bold"`
	Terms   string   `json:"terms"`
	Tickets []ticket `json:"tickets"`

	logo, regular, bold []byte
	next                int
}

func main() {
	p, err := open(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		n, err := p.answer(strings.Fields(in.Text()))
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(n)
	}
}

func open(file string) (*printer, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	p := &printer{}
	if err := json.Unmarshal(b, p); err != nil {
		return nil, err
	}
	for _, f := range []struct {
		name string
		to   *[]byte
	}{{p.Logo, &p.logo}, {p.Regular, &p.regular}, {p.Bold, &p.bold}} {
		if *f.to, err = os.ReadFile(f.name); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (p *printer) answer(job []string) (int, error) {
	switch job[0] {
	case "alone":
		n, err := strconv.Atoi(job[1])
		total := 0
		for range n {
			b, err := p.file(1)
			if err != nil {
				return 0, err
			}
			total += len(b)
		}
		return total, err
	case "book":
		n, err := strconv.Atoi(job[1])
		if err != nil {
			return 0, err
		}
		b, err := p.file(n)
		return len(b), err
	}
	n, err := strconv.Atoi(job[2])
	if err != nil {
		return 0, err
	}
	p.next = 0
	b, err := p.file(n)
	if err != nil {
		return 0, err
	}
	return len(b), os.WriteFile(job[1], b, 0o600)
}

func (p *printer) file(n int) ([]byte, error) {
	f := fpdf.New("P", "mm", "A4", "")
	f.SetAutoPageBreak(false, 0)
	f.AddUTF8FontFromBytes("ticket", "", p.regular)
	f.AddUTF8FontFromBytes("ticket", "B", p.bold)
	f.RegisterImageOptionsReader("logo", fpdf.ImageOptions{ImageType: "PNG"}, bytes.NewReader(p.logo))
	for range n {
		p.page(f, &p.Tickets[p.next%len(p.Tickets)])
		p.next++
	}
	var out bytes.Buffer
	err := f.Output(&out)
	return out.Bytes(), err
}

func (p *printer) page(f *fpdf.Fpdf, t *ticket) {
	f.AddPage()
	f.ImageOptions("logo", 15, 12, 45, 15, false, fpdf.ImageOptions{ImageType: "PNG"}, 0, "")
	f.SetFont("ticket", "B", 24)
	f.Text(15, 44, t.Title)
	for i, field := range t.Fields {
		y := 60 + 9*float64(i)
		f.SetFont("ticket", "", 9)
		f.Text(15, y, field[0])
		f.SetFont("ticket", "B", 12)
		f.Text(40, y, field[1])
	}
	bars(f, t.QR, 150, 54, 40, 40)
	bars(f, t.Code128, 45, 125, 120, 20)
	f.SetFont("ticket", "", 8)
	f.SetXY(15, 165)
	f.MultiCell(180, 3.4, p.Terms, "", "L", false)
}

func bars(f *fpdf.Fpdf, c code, x, y, w, h float64) {
	mw, mh := w/c.W, h/c.H
	for _, b := range c.Bars {
		f.Rect(x+b[0]*mw, y+b[1]*mh, b[2]*mw, b[3]*mh, "F")
	}
}
