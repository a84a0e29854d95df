package show

import (
	"flag"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/question"
	"github.com/pyrocumulus/pyrocumulus/shared/flamegraph"
)

func TestQuantities(t *testing.T) {
	for want, got := range map[string]string{
		"1.5 s": quantity(1_500_000_000, "nanoseconds"), "0 ns": quantity(0, "nanoseconds"), "-2 ms": quantity(-2_000_000, "nanoseconds"),
		"3 MiB": quantity(3<<20, "bytes"), "12": quantity(12, "count"), "1.2 k": quantity(1200, "count"),
	} {
		require.Equal(t, want, got)
	}
}

func TestWhatADiffComparesWith(t *testing.T) {
	now := time.UnixMilli(10_000_000)
	after := question.Span{From: 9_000_000, Until: 9_060_000} // a minute
	for _, c := range []struct {
		args        []string
		from, until int64
	}{
		{nil, 8_940_000, 9_000_000},
		{[]string{"-before", "1m"}, 8_940_000, 9_000_000},
		{[]string{"-before", "2h"}, 9_000_000 - 7_200_000, 9_060_000 - 7_200_000},
		{[]string{"-before-from", "1000"}, 1_000_000, 1_060_000},
		{[]string{"-before-from", "1000", "-before-until", "1005"}, 1_000_000, 1_005_000},
		{[]string{"-before-query", `a="b"`}, 9_000_000, 9_060_000},
		{[]string{"-before-query", `a="b"`, "-before", "1m"}, 8_940_000, 9_000_000},
	} {
		flags := flag.NewFlagSet("", flag.PanicOnError)
		o := otherFlags(flags)
		require.NoError(t, flags.Parse(c.args))
		got, err := o.span(after, now)
		require.NoError(t, err)
		require.Equal(t, question.Span{From: c.from, Until: c.until}, got, c.args)
	}
	for _, shift := range []string{"0s", "-1m", "1 apple", "now"} {
		_, err := (&other{shift: shift}).span(after, now)
		require.ErrorContains(t, err, "want how much earlier", shift)
	}
}

func TestNodesAddUp(t *testing.T) {
	tree := flamegraph.New()
	for _, s := range []struct {
		stack []string
		v     int64
	}{{[]string{"a", "b"}, 3}, {[]string{"a"}, 2}, {[]string{"a", "c"}, 4}, {[]string{"b"}, 1}, {nil, 5}} {
		tree.AddStack(tree.InternAll(s.stack), s.v)
	}
	root := nodes(tree)
	require.Equal(t, []int64{15, 5}, []int64{root.Total, root.Self})
	require.Equal(t, "a", root.Children[0].Name)
	require.Equal(t, []int64{9, 2}, []int64{root.Children[0].Total, root.Children[0].Self})
	require.Equal(t, "c", root.Children[0].Children[0].Name, "the heaviest first")
}
