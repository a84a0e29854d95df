package adhoc_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	adhocv1 "github.com/grafana/pyroscope/api/gen/proto/go/adhocprofiles/v1"
	"github.com/grafana/pyroscope/api/gen/proto/go/adhocprofiles/v1/adhocprofilesv1connect"

	"github.com/pyrocumulus/pyrocumulus/shared/adhoc"
	"github.com/pyrocumulus/pyrocumulus/shared/flamebearer"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/objstoretest"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/objstoretest/faultplan"
	"github.com/pyrocumulus/pyrocumulus/shared/records/recordstest"
	"github.com/pyrocumulus/pyrocumulus/shared/tenancy"
)

type world struct {
	adhocprofilesv1connect.AdHocProfileServiceClient
	now  time.Time
	plan *faultplan.Plan
}

func newWorld(t *testing.T) *world {
	w := &world{now: time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC), plan: faultplan.New()}
	h := adhoc.New(adhoc.Settings{
		Tenants: tenancy.Resolver{Multi: true}, MaxNodesDefault: 100, MaxNodesMax: 1000,
	}, adhoc.Deps{
		Store:   objstoretest.NewFaultsOf(w.plan, objstoretest.NewMem()),
		Records: recordstest.NewFaultsOf(w.plan, recordstest.NewMem()),
		Now:     func() time.Time { w.now = w.now.Add(time.Second); return w.now },
		Log:     slog.New(slog.DiscardHandler),
	})
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	w.AdHocProfileServiceClient = adhocprofilesv1connect.NewAdHocProfileServiceClient(http.DefaultClient, server.URL)
	return w
}

func as[T any](tenant string, msg *T) *connect.Request[T] {
	r := connect.NewRequest(msg)
	r.Header().Set(tenancy.Header, tenant)
	return r
}

func (w *world) upload(tenant, name string, file []byte) (*adhocv1.AdHocProfilesGetResponse, error) {
	res, err := w.Upload(context.Background(), as(tenant, &adhocv1.AdHocProfilesUploadRequest{
		Name: name, Profile: base64.StdEncoding.EncodeToString(file),
	}))
	if err != nil {
		return nil, err
	}
	return res.Msg, nil
}

// bars lists the bars of a flame graph: name, total, self; by level.
func bars(t *testing.T, doc string) string {
	var d flamebearer.Document
	require.NoError(t, json.Unmarshal([]byte(doc), &d))
	var all []string
	for _, level := range d.Flamebearer.Levels {
		var names []string
		for bar := range slices.Chunk(level, 4) {
			names = append(names, d.Flamebearer.Names[bar[3]]+":"+strconv.FormatInt(bar[1], 10)+":"+strconv.FormatInt(bar[2], 10))
		}
		slices.Sort(names)
		all = append(all, strings.Join(names, ","))
	}
	return strings.Join(all, " ")
}

func heap(t *testing.T) []byte {
	f := func(id uint64, name string) *profile.Function { return &profile.Function{ID: id, Name: name} }
	main, work, inlined := f(1, "main"), f(2, "work"), f(3, "inlined")
	locations := []*profile.Location{
		{ID: 1, Line: []profile.Line{{Function: main}}},
		{ID: 2, Line: []profile.Line{{Function: inlined}, {Function: work}}},
		{ID: 3, Address: 0xbeef},
	}
	p := &profile.Profile{
		SampleType: []*profile.ValueType{{Type: "objects", Unit: "count"}, {Type: "space", Unit: "bytes"}},
		Sample: []*profile.Sample{
			{Location: []*profile.Location{locations[1], locations[0]}, Value: []int64{1, 100}},
			{Location: []*profile.Location{locations[2], locations[0]}, Value: []int64{0, 7}},
		},
		Location: locations, Function: []*profile.Function{main, work, inlined},
	}
	var out bytes.Buffer
	require.NoError(t, p.Write(&out))
	return out.Bytes()
}

const speedscopeFile = `{"$schema":"https://www.speedscope.app/file-format-schema.json",
"shared":{"frames":[{"name":"a"},{"name":"b"}]},"profiles":[
{"type":"sampled","name":"one","unit":"milliseconds","startValue":0,"endValue":3,"samples":[[0,1],[0]],"weights":[2,1]},
{"type":"sampled","name":"two","unit":"none","startValue":0,"endValue":3,"samples":[[1]],"weights":[5]}]}`

const perfFile = `# captured on: some day
my app 4711/4712 [001] 1234.567890:     250000 cycles:P:
	    7f00 leaf+0x12 (/usr/lib/libc.so.6)
	    5500 main (/usr/bin/app)

my app 4711/4712 [001] 1234.667890:     250000 cycles:P:
	    5500 main (/usr/bin/app)

`

func TestFormats(t *testing.T) {
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, err := z.Write([]byte("a;b 3\n"))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	for name, c := range map[string]struct {
		file  []byte
		types []string
		want  string // of the first type
		units string
	}{
		"pprof":      {heap(t), []string{"objects", "space"}, "total:1:0 main:1:0 work:1:0 inlined:1:1", "objects"},
		"collapsed":  {[]byte("a;b 3\na 2\na;b 1\n"), []string{"samples"}, "total:6:0 a:6:2 b:4:4", "objects"},
		"gzip":       {zipped.Bytes(), []string{"samples"}, "total:3:0 a:3:0 b:3:3", "objects"},
		"speedscope": {[]byte(speedscopeFile), []string{"one", "two"}, "total:3000000:0 a:3000000:1000000 b:2000000:2000000", "samples"},
		"perf":       {[]byte(perfFile), []string{"samples"}, "total:2:0 my app:2:0 main:2:1 leaf:1:1", "objects"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			got, err := w.upload("a", name, c.file)
			require.NoError(t, err)
			require.Equal(t, c.types, got.ProfileTypes)
			require.Equal(t, c.types[0], got.ProfileType)
			require.Equal(t, c.want, bars(t, got.FlamebearerProfile))
			var d flamebearer.Document
			require.NoError(t, json.Unmarshal([]byte(got.FlamebearerProfile), &d))
			require.Equal(t, c.units, d.Metadata.Units)

			again, err := w.upload("a", name, []byte(got.FlamebearerProfile)) // what we export can be uploaded
			require.NoError(t, err)
			require.Equal(t, c.want, bars(t, again.FlamebearerProfile))
		})
	}
}

func TestUploadsAreKept(t *testing.T) {
	w := newWorld(t)
	first, err := w.upload("a", "heap.pprof", heap(t))
	require.NoError(t, err)
	second, err := w.upload("a", "other", []byte("main;work 5\n"))
	require.NoError(t, err)

	listed, err := w.List(t.Context(), as("a", &adhocv1.AdHocProfilesListRequest{}))
	require.NoError(t, err)
	require.Len(t, listed.Msg.Profiles, 2)
	require.Equal(t, second.Id, listed.Msg.Profiles[0].Id, "the latest first")
	require.Equal(t, "heap.pprof", listed.Msg.Profiles[1].Name)
	require.Equal(t, first.UploadedAt, listed.Msg.Profiles[1].UploadedAt)

	space := "space"
	got, err := w.Get(t.Context(), as("a", &adhocv1.AdHocProfilesGetRequest{Id: first.Id, ProfileType: &space}))
	require.NoError(t, err)
	require.Equal(t, "total:107:0 main:107:0 0xbeef:7:7,work:100:0 inlined:100:100", bars(t, got.Msg.FlamebearerProfile))
	nodes := int64(3)
	got, err = w.Get(t.Context(), as("a", &adhocv1.AdHocProfilesGetRequest{Id: first.Id, ProfileType: &space, MaxNodes: &nodes}))
	require.NoError(t, err)
	require.Contains(t, bars(t, got.Msg.FlamebearerProfile), "other:")
}

func TestTenantsDoNotSeeEachOthersUploads(t *testing.T) {
	w := newWorld(t)
	mine, err := w.upload("a", "mine", []byte("a 1\n"))
	require.NoError(t, err)
	listed, err := w.List(t.Context(), as("b", &adhocv1.AdHocProfilesListRequest{}))
	require.NoError(t, err)
	require.Empty(t, listed.Msg.Profiles)
	_, err = w.Get(t.Context(), as("b", &adhocv1.AdHocProfilesGetRequest{Id: mine.Id}))
	require.Equal(t, connect.CodeNotFound, connect.CodeOf(err))
	_, err = w.Diff(t.Context(), as("b", &adhocv1.AdHocProfilesDiffRequest{LeftId: mine.Id, RightId: mine.Id}))
	require.Equal(t, connect.CodeNotFound, connect.CodeOf(err))
}

func TestDiff(t *testing.T) {
	w := newWorld(t)
	left, err := w.upload("a", "l", []byte("main;work 5\nmain;rest 1\n"))
	require.NoError(t, err)
	right, err := w.upload("a", "r", []byte("main;work 2\n"))
	require.NoError(t, err)
	other, err := w.upload("a", "h", heap(t))
	require.NoError(t, err)
	diff := func(l, r string, typ *string) (*connect.Response[adhocv1.AdHocProfilesDiffResponse], error) {
		return w.Diff(t.Context(), as("a", &adhocv1.AdHocProfilesDiffRequest{LeftId: l, RightId: r, ProfileType: typ}))
	}
	res, err := diff(left.Id, right.Id, nil)
	require.NoError(t, err)
	require.Equal(t, []string{"samples"}, res.Msg.ProfileTypes)
	var d flamebearer.Document
	require.NoError(t, json.Unmarshal([]byte(res.Msg.FlamebearerProfile), &d))
	require.Equal(t, "double", d.Metadata.Format)
	require.EqualValues(t, 6, *d.LeftTicks)
	require.EqualValues(t, 2, *d.RightTicks)

	_, err = diff(left.Id, other.Id, nil)
	require.ErrorContains(t, err, "no sample type in common")
	wrong := "cpu"
	_, err = diff(left.Id, right.Id, &wrong)
	require.ErrorContains(t, err, `sample type "cpu" is not in both files`)
}

func TestBadUploadsAreRefused(t *testing.T) {
	w := newWorld(t)
	for name, file := range map[string]string{
		"empty":                 " \n",
		"no format":             "hello world\nthis is no profile",
		"broken gzip":           "\x1f\x8b\x08rest",
		"other json":            `{"a": 1}`,
		"flame graph":           `{"flamebearer":{"names":["total"],"levels":[[0,1,1]]}}`,
		"bar of no name":        `{"flamebearer":{"names":["total"],"levels":[[0,1,1,4]]}}`,
		"bar below nothing":     `{"flamebearer":{"names":["total"],"levels":[[0,1,0,0],[5,1,1,0]]}}`,
		"two graphs in one":     `{"flamebearer":{"names":["total"],"levels":[]},"metadata":{"format":"double"}}`,
		"perf with other lines": "app 1/2 [001] 12.5: cycles:\n\tnot a frame\n",
	} {
		_, err := w.upload("a", name, []byte(file))
		require.Equal(t, connect.CodeInvalidArgument, connect.CodeOf(err), "%s: %v", name, err)
	}
	_, err := w.Upload(t.Context(), as("a", &adhocv1.AdHocProfilesUploadRequest{Profile: "???"}))
	require.ErrorContains(t, err, "not base64")
	_, err = w.upload("a", strings.Repeat("n", 1025), []byte("a 1\n"))
	require.Equal(t, connect.CodeInvalidArgument, connect.CodeOf(err))
	_, err = w.upload("", "n", []byte("a 1\n"))
	require.Equal(t, connect.CodeUnauthenticated, connect.CodeOf(err))
	many := int64(1001)
	_, err = w.Get(t.Context(), as("a", &adhocv1.AdHocProfilesGetRequest{Id: "x", MaxNodes: &many}))
	require.ErrorContains(t, err, "max_nodes is 1001, want 1 to 1000")
}

// A file whose record was not written is never listed, and one that is listed
// can be read.
func TestUploadsThatFailHalfway(t *testing.T) {
	for _, when := range faultplan.Both {
		failed := 0
		for call := 1; ; call++ {
			w := newWorld(t)
			w.plan.CrashAt(call, when)
			_, err := w.upload("a", "n", []byte("a 1\n"))
			w.plan.Revive()
			if err == nil {
				break
			}
			failed++
			require.Equal(t, connect.CodeUnavailable, connect.CodeOf(err))
			require.NotContains(t, err.Error(), faultplan.ErrFault.Error())
			listed, err := w.List(t.Context(), as("a", &adhocv1.AdHocProfilesListRequest{}))
			require.NoError(t, err)
			for _, p := range listed.Msg.Profiles {
				_, err := w.Get(t.Context(), as("a", &adhocv1.AdHocProfilesGetRequest{Id: p.Id}))
				require.NoError(t, err)
			}
		}
		require.Equal(t, 2, failed, "the object and the record")
	}
}
