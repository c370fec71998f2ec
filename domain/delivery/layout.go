package delivery

// CodeLayoutUnknown says that there is no layout of a name.
const CodeLayoutUnknown = "layout.unknown"

// Layout is a design that tickets can be printed by.
type Layout struct {
	Name    string
	Version string // the designer's own word for it; may be empty
	About   string // may be empty
	Digest  string // changes with everything that decides its look
	Shipped bool   // part of the program; else of the operator's folder
	Order   bool   // one page is for all tickets of an order; else for each
	Admits  bool   // has a barcode; else opens no door, such as a receipt
	// Width and Height are the paper's, in mm; a height of 0 is that of the content, on a roll.
	Width, Height float64
}
