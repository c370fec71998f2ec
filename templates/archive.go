package templates

import "encoding/binary"

// sRGB is the ICC profile (version 4) of the colours that every page is painted in. PDF/A asks for it in the file.
func sRGB() []byte {
	u32 := binary.BigEndian.AppendUint32
	fixed := func(b []byte, values ...float64) []byte {
		for _, v := range values {
			b = u32(b, uint32(int32(v*65536+0.5*sign(v)))) //nolint:gosec // G115: the format's own signed number
		}
		return b
	}
	text := func(s string) []byte {
		b := append(u32(u32(u32(append([]byte("mluc"), 0, 0, 0, 0), 1), 12), 0x656E5553), 0, 0, 0, byte(2*len(s)), 0, 0, 0, 28) //nolint:gosec // G115: a short text; in enUS
		for _, c := range []byte(s) {
			b = append(b, 0, c)
		}
		return b
	}
	xyz := func(x, y, z float64) []byte { return fixed(append([]byte("XYZ "), 0, 0, 0, 0), x, y, z) }
	// The curve of IEC 61966-2-1: type 3 is (aX+b)^g above d and cX below.
	curve := fixed(append([]byte("para"), 0, 0, 0, 0, 0, 3, 0, 0), 2.4, 1/1.055, 0.055/1.055, 1/12.92, 0.04045)
	tags := []struct {
		name string
		data []byte
	}{
		{"desc", text("sRGB")},
		{"cprt", text("No copyright")},
		{"wtpt", xyz(0.9642, 1, 0.8249)},
		{"chad", fixed(append([]byte("sf32"), 0, 0, 0, 0), 1.04788, 0.02292, -0.05022, 0.02959, 0.99048, -0.01707, -0.00925, 0.01508, 0.75168)},
		{"rXYZ", xyz(0.43607, 0.22249, 0.01392)},
		{"gXYZ", xyz(0.38515, 0.71687, 0.09708)},
		{"bXYZ", xyz(0.14307, 0.06061, 0.71410)},
		{"rTRC", curve},
		{"gTRC", nil},
		{"bTRC", nil}, // the same one
	}
	directory := u32(nil, uint32(len(tags))) //nolint:gosec // G115: a few
	at, size := 128+4+12*len(tags), 0
	var body []byte
	for _, t := range tags {
		if t.data != nil {
			for len(body)%4 != 0 {
				body = append(body, 0)
			}
			at, size = 128+4+12*len(tags)+len(body), len(t.data)
			body = append(body, t.data...)
		}
		directory = u32(u32(append(directory, t.name...), uint32(at)), uint32(size)) //nolint:gosec // G115: a small file
	}
	for len(body)%4 != 0 {
		body = append(body, 0)
	}
	head := make([]byte, 128)
	binary.BigEndian.PutUint32(head, uint32(128+len(directory)+len(body))) //nolint:gosec // G115: a small file
	head[8], head[9] = 4, 0x20
	copy(head[12:], "mntrRGB XYZ ")
	binary.BigEndian.PutUint16(head[24:], 2000) // the profile's day
	head[27], head[29] = 1, 1
	copy(head[36:], "acsp")
	copy(head[68:], fixed(nil, 0.9642, 1, 0.8249)) // the light it is made for
	return append(append(head, directory...), body...)
}

func sign(v float64) float64 {
	if v < 0 {
		return -1
	}
	return 1
}
