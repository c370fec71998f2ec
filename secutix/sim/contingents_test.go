package sim

// contingent is the number of a contingent, by its code.
func (d *desk) contingent(code string) int64 {
	d.t.Helper()
	c := d.in.contingentOf(code)
	if c == nil {
		d.t.Fatalf("no contingent %s", code)
	}
	return c.id
}

// stockAt is the stock a movement is taken from.
func (in *institution) stockAt(op *operation, m *movement) *pool {
	pl, err := in.stockOf(op, m)
	if err != nil {
		panic(err)
	}
	return pl
}
