package pprof

import "unicode/utf8"

// readStrings copies the part of the profile that holds the string table in
// one piece, and makes the strings parts of that.
func (d *decoder) readStrings() error {
	n := d.layout.count(profileString)
	if n == 0 {
		return invalid("string table is empty")
	}
	table := make([]string, 0, n)
	body := d.layout.body(profileString)
	backing := string(body)
	m := open(body)
	for m.next() {
		if m.field != profileString {
			continue
		}
		s := backing[m.pos-len(m.payload()) : m.pos]
		if !utf8.ValidString(s) {
			return invalid("string %d is not valid UTF-8", len(table))
		}
		table = append(table, d.cutSymbol(s))
	}
	if table[0] != "" {
		return invalid("string 0 is %q instead of an empty one", clipped(table[0]))
	}
	d.p.Strings = table
	return nil
}

// cutSymbol keeps the end of a string that is too long.
func (d *decoder) cutSymbol(s string) string {
	most := d.limits.MaxSymbolBytes
	if most <= 0 || len(s) <= most {
		return s
	}
	s = s[len(s)-most:]
	for len(s) > 0 && !utf8.RuneStart(s[0]) {
		s = s[1:]
	}
	return s
}

// clipped keeps a message readable, whatever stands in a profile.
func clipped(s string) string {
	const most = 64
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}
