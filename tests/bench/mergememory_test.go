package bench

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// BenchmarkMergeMemory merges the block of the corpus with copies of itself
// under names of other services, so that what goes in grows and each dataset
// stays as it is; and into one service, so that the dataset grows. What is held
// must not grow with either.
//
// PYROCUMULUS_MERGE_MIB is how many MiB the largest merge reads, 128 if it is
// not set.
func BenchmarkMergeMemory(b *testing.B) {
	w := built(b)
	blocks, err := w.blocks(b.Context(), w.settled)
	require.NoError(b, err)
	most := 128
	if s := os.Getenv("PYROCUMULUS_MERGE_MIB"); s != "" {
		most, err = strconv.Atoi(s)
		require.NoError(b, err)
	}
	for _, mib := range []int{most / 4, most} {
		for _, one := range []bool{false, true} {
			name := fmt.Sprintf("%dMiB/services", mib)
			if one {
				name = fmt.Sprintf("%dMiB/one_service", mib)
			}
			b.Run(name, func(b *testing.B) {
				copies := max(1, int(int64(mib)<<20/blocks[0].Size))
				mergeCopies(b, w, blocks[0], copies, one)
			})
		}
	}
}

// discarded is a store whose objects are counted and not kept.
type discarded struct{ objects, bytes, largest int64 }

func (d *discarded) put(_ context.Context, _ string, object []byte) error {
	d.objects++
	d.bytes += int64(len(object))
	d.largest = max(d.largest, int64(len(object)))
	return nil
}

func mergeCopies(b *testing.B, w *world, m *block.Meta, copies int, one bool) {
	store := &renaming{Reader: w.store, from: m}
	from := make([]*block.Meta, copies)
	for i := range from {
		from[i] = store.copy(i, one)
	}
	var out discarded
	memory := watchMemory()
	cpu := startMeter(b)
	for b.Loop() {
		out = discarded{}
		r, err := block.NewReader(store)
		require.NoError(b, err)
		merged, err := r.Merge(b.Context(), from, block.Meta{Tenant: profile.AnonymousTenant, ID: ulid.Make().String()}, block.DefaultMergeOptions(), out.put)
		require.NoError(b, err)
		require.Equal(b, len(merged.Volumes), int(out.objects))
		if !one {
			require.Equal(b, m.Profiles*int64(copies), merged.Profiles)
		}
	}
	cpu.reportPer(w.corpus.profiles * copies)
	memory.report(b)
	b.ReportMetric(float64(m.Size*int64(copies))/(1<<20), "in-MiB")
	b.ReportMetric(float64(out.bytes)/(1<<20), "out-MiB")
	b.ReportMetric(float64(out.objects), "volumes")
	b.ReportMetric(float64(out.largest)/(1<<20), "largest-MiB")
}

// renaming is a store in which a block is there under many ids.
type renaming struct {
	objstore.Reader
	from *block.Meta
}

// copy describes the block under another id, with other names of services.
func (r *renaming) copy(i int, one bool) *block.Meta {
	m := *r.from
	m.ID = ulid.ULID{0: byte(i >> 8), 1: byte(i), 2: 1}.String()
	m.Datasets = append([]block.DatasetRef(nil), m.Datasets...)
	for d := range m.Datasets {
		m.Datasets[d].Service += fmt.Sprintf("-%04d", i)
		if one {
			m.Datasets[d].Service = "one"
		}
	}
	return &m
}

func (r *renaming) original(key string) string {
	i := strings.LastIndex(key, "/") + 1
	return key[:i] + r.from.ID + key[i+len(r.from.ID):]
}

func (r *renaming) Get(ctx context.Context, key string) ([]byte, error) {
	return r.Reader.Get(ctx, r.original(key))
}

func (r *renaming) GetRange(ctx context.Context, key string, offset, length int64) ([]byte, error) {
	return r.Reader.GetRange(ctx, r.original(key), offset, length)
}
