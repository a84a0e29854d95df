package pprof

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDropShapes(t *testing.T) {
	for name, want := range map[string]string{
		"main.main":                            "main.main",
		"main.f[...]":                          "main.f[...]",
		"main.f[int]":                          "main.f[int]",
		"main.f[go.shape.int]":                 "main.f[...]",
		"main.f[go.shape.int].func1":           "main.f[...].func1",
		"main.f[go.shape.int,go.shape.string]": "main.f[...]",
		"slices.Sort[go.shape.[]main.T,go.shape.struct { A [3]int }].func1.2":        "slices.Sort[...].func1.2",
		"main.(*T[go.shape.string]).Do[go.shape.map[string][]int]":                   "main.(*T[...]).Do[...]",
		"main.f[go.shape.struct { A int \"json:\\\"]\\\\\\\"\"; B []int }].func1":    "main.f[...].func1",
		"main.f[go.shape.func(main.G[go.shape.int]) main.H[go.shape.[2]uint8]].func": "main.f[...].func",
		"main.f[go.shape.int":               "main.f[go.shape.int",
		"main.f[go.shape.int].g[go.shape.[": "main.f[...].g[go.shape.[",
		"[go.shape.":                        "[go.shape.",
		"go.shape.int":                      "go.shape.int",
		"":                                  "",
	} {
		require.Equal(t, want, dropShapes(name))
		require.Equal(t, want, dropShapes(want), "twice")
	}
}

// Each byte is looked at a constant number of times: with quadratic work this
// would take minutes.
func TestDropShapesIsLinear(t *testing.T) {
	open := strings.Repeat("[go.shape.", 1<<20)
	require.Equal(t, open, dropShapes(open))
	require.Equal(t, "[...]", dropShapes(open+strings.Repeat("]", 1<<20)))
	closed := strings.Repeat("[go.shape.x]", 1<<20)
	require.Len(t, dropShapes(closed), 5<<20)
}

func TestRepairGo(t *testing.T) {
	p := &Profile{
		Strings: []string{"", "f[go.shape.int]", "g", "f[go.shape.string]", "file[go.shape.int].go"},
		Functions: []Function{
			{Name: 1, SystemName: 1, Filename: 4},
			{Name: 2, SystemName: 2},
			{Name: 3, SystemName: 1},
			{Name: 1, SystemName: 2},
		},
	}
	p.RepairGo()
	var got []string
	for _, f := range p.Functions {
		got = append(got, p.Strings[f.Name]+" "+p.Strings[f.SystemName]+" "+p.Strings[f.Filename])
	}
	require.Equal(t, []string{"f[...] f[...] file[go.shape.int].go", "g g ", "f[...] f[...] ", "f[...] g "}, got)
	require.Len(t, p.Strings, 7, "one string for each that changed")

	before := len(p.Strings)
	p.RepairGo()
	require.Len(t, p.Strings, before, "nothing left to repair")
}
