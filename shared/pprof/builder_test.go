package pprof_test

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
)

// The wire form by hand, for bodies that no writer makes.

func num(field int, v uint64) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(nil, uint64(field)<<3), v)
}

func raw(field int, payload []byte) []byte {
	out := binary.AppendUvarint(nil, uint64(field)<<3|2)
	return append(binary.AppendUvarint(out, uint64(len(payload))), payload...)
}

func sub(field int, parts ...[]byte) []byte { return raw(field, slices.Concat(parts...)) }

func str(s string) []byte { return raw(6, []byte(s)) }

func packed(field int, vs ...uint64) []byte {
	var payload []byte
	for _, v := range vs {
		payload = binary.AppendUvarint(payload, v)
	}
	return raw(field, payload)
}

// table is a string table that all bodies below share.
func table() []byte {
	var out []byte
	for _, s := range []string{"", "cpu", "nanoseconds", "main", "work", "key", "value", "main.go", "bin"} {
		out = append(out, str(s)...)
	}
	return out
}

const (
	sCPU = iota + 1
	sNanoseconds
	sMain
	sWork
	sKey
	sValue
	sFile
	sBin
	sEnd
)

func sampleType() []byte { return sub(1, num(1, sCPU), num(2, sNanoseconds)) }

func mapping(id uint64) []byte { return sub(3, num(1, id), num(5, sBin), num(7, 1)) }

func function(id, name uint64) []byte {
	return sub(5, num(1, id), num(2, name), num(3, name), num(4, sFile))
}

func location(id, mapping, function uint64) []byte {
	return sub(4, num(1, id), num(2, mapping), num(3, 0x1000+id), sub(4, num(1, function), num(2, 10+id)))
}

func sample(value uint64, stack ...uint64) []byte {
	return sub(2, packed(1, stack...), packed(2, value))
}

// symbols are a mapping and the functions and locations 1 (main) and 2 (work).
func symbols() []byte {
	return slices.Concat(mapping(1), location(1, 1, 1), location(2, 1, 2), function(1, sMain), function(2, sWork))
}

// body is a profile with these samples.
func body(samples ...[]byte) []byte {
	return slices.Concat(sampleType(), slices.Concat(samples...), symbols(), table())
}

func gzipped(t testing.TB, data []byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	_, err := w.Write(data)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return buf.Bytes()
}

func decode(t testing.TB, data []byte) *pprof.Profile {
	t.Helper()
	p, err := pprof.Decode(data, pprof.DefaultLimits())
	require.NoError(t, err)
	return p
}

// clone copies a profile, so that what is done to the copy does not show.
func clone(p *pprof.Profile) *pprof.Profile {
	c := *p
	c.SampleTypes = slices.Clone(p.SampleTypes)
	c.Strings = slices.Clone(p.Strings)
	c.Mappings = slices.Clone(p.Mappings)
	c.Functions = slices.Clone(p.Functions)
	c.Locations = slices.Clone(p.Locations)
	c.Lines = slices.Clone(p.Lines)
	c.Samples = slices.Clone(p.Samples)
	c.Values = slices.Clone(p.Values)
	c.Stacks = slices.Clone(p.Stacks)
	c.Labels = slices.Clone(p.Labels)
	return &c
}

// noNil makes empty slices equal, whether they are nil or not.
func noNil(p *pprof.Profile) *pprof.Profile {
	c := *p
	c.SampleTypes = orNil(c.SampleTypes)
	c.Mappings = orNil(c.Mappings)
	c.Functions = orNil(c.Functions)
	c.Locations = orNil(c.Locations)
	c.Lines = orNil(c.Lines)
	c.Samples = orNil(c.Samples)
	c.Values = orNil(c.Values)
	c.Stacks = orNil(c.Stacks)
	c.Labels = orNil(c.Labels)
	return &c
}

func orNil[T any](s []T) []T {
	if len(s) == 0 {
		return nil
	}
	return s
}
