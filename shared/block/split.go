package block

import "fmt"

// Files returns the Parquet files of which an object consists, by section.
func Files(object []byte) (map[Section][]byte, *Meta, error) {
	m, _, err := ParseTail(object)
	if err != nil {
		return nil, nil, err
	}
	if m == nil || m.Size != int64(len(object)) {
		return nil, nil, fmt.Errorf("%w: the object is not complete", ErrCorrupt)
	}
	out := make(map[Section][]byte, numSections)
	for s, e := range m.Sections {
		out[Section(s)] = object[e.Offset:e.End()]
	}
	return out, m, nil
}
