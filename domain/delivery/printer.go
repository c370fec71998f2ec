package delivery

// PrinterLanguage is what a thermal printer is told a page in.
type PrinterLanguage string

// The printer languages.
const (
	FGL PrinterLanguage = "fgl" // BOCA's Friendly Ghost Language
	ZPL PrinterLanguage = "zpl" // Zebra's ZPL II
)

// ThermalLayout is the layout for thermal printers where none is named.
const ThermalLayout = "thermal"
