package block

import "fmt"

// Files returns the Parquet files of which an object consists, by section, and
// the description at its end, which is that of the block if it is complete.
func Files(object []byte) (map[Section][]byte, *Meta, error) {
	m, _, err := ParseTail(object)
	if err != nil {
		return nil, nil, err
	}
	if m == nil || m.Volumes[len(m.Volumes)-1].Size != int64(len(object)) {
		return nil, nil, fmt.Errorf("%w: the object is not complete", ErrCorrupt)
	}
	out := make(map[Section][]byte, numSections)
	for s, e := range m.Volumes[len(m.Volumes)-1].Sections {
		if e.Length > 0 {
			out[Section(s)] = object[e.Offset:e.End()]
		}
	}
	return out, m, nil
}
