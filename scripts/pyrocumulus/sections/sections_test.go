package sections

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/functions/local/datadir"
	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/command/commandtest"
	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/block/blocktest"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/filestore"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

var update = flag.Bool("update", false, "write golden files anew")

// Ids of the blocks that tests store.
const (
	merged  = "01J00000000000000000000001" // became part of newest
	current = "01J00000000000000000000002"
	newest  = "01J00000000000000000000003"
)

// stored makes a data directory with the blocks of two tenants.
func stored(t *testing.T) (data string, metas map[string]*block.Meta) {
	t.Helper()
	data = t.TempDir()
	store, err := filestore.Open(filepath.Join(data, datadir.ObjectsDir), filestore.WithoutSync())
	require.NoError(t, err)
	defer func() { require.NoError(t, store.Close()) }()
	metas = make(map[string]*block.Meta)
	put := func(tenant profile.TenantID, id string, seed uint64, sources ...string) {
		b := block.NewBuilder(block.Options{})
		for _, p := range blocktest.Random(rand.New(rand.NewPCG(seed, 1)), 20, 10) {
			require.NoError(t, b.Add(p.Labels, p.ID, p.Profile))
		}
		object, m, err := b.Build(tenant, id, len(sources), sources)
		require.NoError(t, err)
		require.NoError(t, store.Put(t.Context(), m.Key(), object))
		metas[id] = m
	}
	put("acme", merged, 1)
	put("acme", current, 2)
	put("acme", newest, 1, merged)
	put("globex", "01J00000000000000000000004", 4)
	return data, metas
}

func TestWritesSectionsOfCurrentBlocks(t *testing.T) {
	data, metas := stored(t)
	out := filepath.Join(t.TempDir(), "new", "dir")
	line := commandtest.New(t, Command(), "-data", data, "-tenant", "acme", "-out", out)
	text := line.Run()

	var files []string
	require.NoError(t, filepath.WalkDir(out, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			path, err = filepath.Rel(out, path)
			files = append(files, path)
		}
		return err
	}))
	var want []string
	for _, id := range []string{current, newest} {
		for _, section := range []string{"frames", "kinds", "profiles", "samples", "series", "stacks"} {
			want = append(want, id+"/"+section+".parquet")
		}
	}
	require.Equal(t, append(want, "views.sql"), files)
	for _, id := range []string{current, newest} {
		require.Equal(t, metas[id].Profiles, rows(t, filepath.Join(out, id, "profiles.parquet")))
		require.Equal(t, metas[id].Samples, rows(t, filepath.Join(out, id, "samples.parquet")))
	}
	require.Contains(t, text, "sections of 2 blocks")
	require.Contains(t, text, "duckdb -init '"+out+"/views.sql'")
	require.Contains(t, text, "cd '"+out+"/"+newest+"' && duckdb")
	require.NotContains(t, text, merged)

	// Again is no error, and changes nothing.
	views, err := os.ReadFile(filepath.Join(out, "views.sql"))
	require.NoError(t, err)
	var told result
	require.NoError(t, json.Unmarshal([]byte(line.Run("-json")), &told))
	require.Len(t, told.Blocks, 2)
	require.Equal(t, filepath.Join(out, newest), told.Blocks[1].Directories[0])
	again, err := os.ReadFile(filepath.Join(out, "views.sql"))
	require.NoError(t, err)
	require.Equal(t, string(views), string(again))
}

// TestWritesAllVolumes: a block has several objects, and another build of the
// same block was not completed.
func TestWritesAllVolumes(t *testing.T) {
	data, metas := stored(t)
	store, err := filestore.Open(filepath.Join(data, datadir.ObjectsDir), filestore.WithoutSync())
	require.NoError(t, err)
	reader, err := block.NewReader(store)
	require.NoError(t, err)
	into := block.Meta{Tenant: "acme", ID: "01J00000000000000000000005", Level: 2, Sources: []string{current, newest}}
	from := []*block.Meta{metas[current], metas[newest]}
	failing := func(ctx context.Context, key string, object []byte) error {
		if strings.Contains(key, ".001.") {
			return errors.New("no more")
		}
		return store.Put(ctx, key, object)
	}
	_, err = reader.Merge(t.Context(), from, into, block.MergeOptions{Small: true, VolumeBytes: 1}, failing)
	require.ErrorContains(t, err, "no more")
	out := filepath.Join(t.TempDir(), "dir")
	write := func() { commandtest.New(t, Command(), "-data", data, "-tenant", "acme").Run("-out", out) }
	write()
	require.DirExists(t, filepath.Join(out, newest), "what is not complete replaces nothing")

	m, err := reader.Merge(t.Context(), from, into, block.MergeOptions{VolumeBytes: 1, Steps: []time.Duration{time.Hour}}, store.Put)
	require.NoError(t, err)
	require.NoError(t, store.Close())
	require.Greater(t, len(m.Volumes), 2)
	require.NoError(t, os.RemoveAll(out))
	write()
	var profiles int64
	dirs, err := filepath.Glob(filepath.Join(out, "*", "profiles.parquet"))
	require.NoError(t, err)
	require.Len(t, dirs, len(m.Volumes))
	for _, file := range dirs {
		profiles += rows(t, file)
		require.Positive(t, rows(t, filepath.Join(filepath.Dir(file), "buckets.parquet")))
		require.Positive(t, rows(t, filepath.Join(filepath.Dir(file), "sums.parquet")))
	}
	require.Equal(t, m.Profiles, profiles)
}

// rows counts the rows of a file with a reader that is not ours.
func rows(t *testing.T, file string) int64 {
	t.Helper()
	body, err := os.ReadFile(file)
	require.NoError(t, err)
	f, err := parquet.OpenFile(bytes.NewReader(body), int64(len(body)))
	require.NoError(t, err)
	return f.NumRows()
}

func TestViews(t *testing.T) {
	got := viewsSQL("/it's/here", []*block.Meta{
		{Tenant: "acme", ID: current, Volumes: make([]block.Volume, 1)},
		{Tenant: "acme", ID: newest, Volumes: []block.Volume{{Name: ".000.a"}, {Name: ".001.b"}}},
	})
	golden := filepath.Join("testdata", "views.sql")
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

func TestErrorsSayWhatToDo(t *testing.T) {
	data, _ := stored(t)
	nothing := t.TempDir()
	for name, c := range map[string]struct{ data, out, tenant, want string }{
		"no directory to write to":   {data, "", "acme", "with -out"},
		"no data":                    {nothing, "out", "acme", "name another directory with -data"},
		"a tenant without blocks":    {data, "out", "initech", "tenant initech has no blocks (yet"},
		"a tenant that cannot be":    {data, "out", "../acme", "-tenant"},
		"a prefix of another's name": {data, "out", "acm", "has no blocks"},
	} {
		t.Run(name, func(t *testing.T) {
			out := c.out
			if out != "" {
				out = filepath.Join(t.TempDir(), out)
			}
			_, err := commandtest.New(t, Command()).Try("-data", c.data, "-out", out, "-tenant", c.tenant)
			require.ErrorContains(t, err, c.want)
		})
	}
	left, err := os.ReadDir(nothing)
	require.NoError(t, err)
	require.Empty(t, left, "a wrong -data leaves nothing behind")
}

func TestForeignObjectIsAnError(t *testing.T) {
	data, _ := stored(t)
	store, err := filestore.Open(filepath.Join(data, datadir.ObjectsDir))
	require.NoError(t, err)
	require.NoError(t, store.Put(t.Context(), block.Key("acme", "01J00000000000000000000009"), []byte("this is no block, nor long")))
	require.NoError(t, store.Close())
	_, err = commandtest.New(t, Command()).Try("-data", data, "-out", t.TempDir(), "-tenant", "acme")
	require.ErrorContains(t, err, block.ErrCorrupt.Error())
	require.ErrorContains(t, err, "01J00000000000000000000009")
}
