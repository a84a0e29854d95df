package block

import (
	"fmt"
	"path"
	"strconv"
)

// Stacks is the stack-trace tree of a dataset: node i is the location
// Locations[i] under the node Parents[i], which is less than i. Node 0 is the
// root, the empty stack trace; its entries are -1.
type Stacks struct {
	Parents, Locations []int32
}

// Stacks returns the stack-trace tree. NeedNames or NeedFrames.
func (d *Dataset) Stacks(dec *Decoder) (Stacks, error) {
	s, err := d.stacks(dec)
	if err != nil {
		return s, d.wrap("stacks", err)
	}
	return s, nil
}

func (d *Dataset) stacks(dec *Decoder) (Stacks, error) {
	g := &d.contents.stacksRG
	if g.rows == 0 {
		return Stacks{}, fmt.Errorf("%w: there is no root", ErrCorrupt)
	}
	// The root's -1 must not be taken for an id: it is checked apart.
	parents, err := d.rooted(dec, 4, stackParent, g.base, g.rows)
	if err != nil {
		return Stacks{}, err
	}
	locations, err := d.rooted(dec, 5, stackLocation, d.contents.framesRG.base, d.contents.locations)
	if err != nil {
		return Stacks{}, err
	}
	for i := 1; i < len(parents); i++ {
		if int(parents[i]) >= i {
			return Stacks{}, fmt.Errorf("%w: node %d has the parent %d", ErrCorrupt, i, parents[i])
		}
	}
	return Stacks{parents, locations}, nil
}

// rooted decodes a column of the stacks, whose first row is the root's -1.
func (d *Dataset) rooted(dec *Decoder, slot int, column int, base int64, limit int) ([]int32, error) {
	g := &d.contents.stacksRG
	b, err := d.bytes(g.column(column))
	if err != nil {
		return nil, err
	}
	out, err := dec.file.Int32(dec.i32[slot][:0], b, g.rows)
	if err != nil {
		return nil, err
	}
	dec.i32[slot] = out
	if out[0] != -1 {
		return nil, fmt.Errorf("%w: the first node is not the root", ErrCorrupt)
	}
	for i := 1; i < len(out); i++ {
		out[i] -= int32(base)
		if uint32(out[i]) >= uint32(limit) {
			return nil, fmt.Errorf("%w: node %d refers to %d of %d", ErrCorrupt, i, out[i], limit)
		}
	}
	return out, nil
}

// Names are the function names of the locations of a dataset. The frames of
// location i are IDs[First[i]:First[i+1]], innermost first, as positions in
// Table.
type Names struct {
	Table []string
	IDs   []uint32
	First []int32
}

// Names returns the function names. A location without symbols is named by its
// binary and address. NeedNames or NeedFrames.
func (d *Dataset) Names(dec *Decoder) (Names, error) {
	n, err := d.names(dec)
	if err != nil {
		return n, d.wrap("frames", err)
	}
	return n, nil
}

func (d *Dataset) names(dec *Decoder) (Names, error) {
	g := &d.contents.framesRG
	if g.rows == 0 {
		return Names{First: []int32{0}}, nil
	}
	first, err := d.firstFrames(dec)
	if err != nil {
		return Names{}, err
	}
	table, ids, err := d.strings(dec, 2, g, frameFunction)
	if err != nil {
		return Names{}, err
	}
	n := Names{Table: table, IDs: ids, First: first}
	b, err := d.bytes(g.column(frameFlags))
	if err != nil {
		return n, err
	}
	flags, err := dec.file.Int32(dec.i32[3][:0], b, g.rows)
	if err != nil {
		return n, err
	}
	dec.i32[3] = flags
	for _, f := range flags {
		if f&flagNoLine != 0 {
			return n, d.nameAddresses(dec, &n, flags)
		}
	}
	return n, nil
}

// nameAddresses names the locations that have no symbols.
func (d *Dataset) nameAddresses(dec *Decoder, n *Names, flags []int32) error {
	g := &d.contents.framesRG
	addresses, err := d.int64s(dec, 6, g, frameAddress)
	if err != nil {
		return err
	}
	binaries, binaryIDs, err := d.strings(dec, 3, g, frameBinary)
	if err != nil {
		return err
	}
	for i, f := range flags {
		if f&flagNoLine != 0 {
			name := "0x" + strconv.FormatUint(uint64(addresses[i]), 16)
			if binary := binaries[binaryIDs[i]]; binary != "" {
				name = path.Base(binary) + "+" + name
			}
			n.IDs[i] = uint32(len(n.Table))
			n.Table = append(n.Table, name)
		}
	}
	return nil
}

// firstFrames returns with which row the frames of each location begin, and at
// the end the number of rows.
func (d *Dataset) firstFrames(dec *Decoder) ([]int32, error) {
	g := &d.contents.framesRG
	locations, err := d.int32s(dec, 0, g, frameLocation, g.base, d.contents.locations)
	if err != nil {
		return nil, err
	}
	first := make([]int32, 0, d.contents.locations+1)
	for i, l := range locations {
		switch int(l) {
		case len(first) - 1: // a further frame of the same location
		case len(first):
			first = append(first, int32(i))
		default:
			return nil, fmt.Errorf("%w: location %d after %d", ErrCorrupt, l, len(first)-1)
		}
	}
	if len(first) != d.contents.locations {
		return nil, fmt.Errorf("%w: %d locations, not %d", ErrCorrupt, len(first), d.contents.locations)
	}
	return append(first, int32(len(locations))), nil
}
