package dynamorecords

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/records"
	"github.com/pyrocumulus/pyrocumulus/shared/records/recordstest"
)

func TestStore(t *testing.T) {
	fakes := make(map[records.Store]*fake)
	recordstest.Run(t, func(_ *testing.T, now func() time.Time) records.Store {
		f := newFake()
		s := New(f, "table", Options{Now: now})
		fakes[s] = f
		return s
	}, recordstest.Reopen(func(_ *testing.T, s records.Store, now func() time.Time) records.Store {
		return New(fakes[s], "table", Options{Now: now})
	}))
}

var theName = records.Name{Tenant: "t", Kind: "k", Key: "a"}

// TestTableOfItems is what an operator sees in the table.
func TestTableOfItems(t *testing.T) {
	f := newFake()
	s := New(f, "table", Options{Now: func() time.Time { return time.Unix(1000, 0) }})
	_, err := s.Put(t.Context(), records.Record{Name: theName, Value: []byte("x"), Expires: time.Unix(2000, 0)})
	require.NoError(t, err)
	_, err = s.Add(t.Context(), theName, 5, time.Unix(3000, 0))
	require.NoError(t, err)
	it := f.items[[2]string{"t#v#k", "a"}]
	require.Equal(t, number(1_000_000_001), it["v"])
	require.Equal(t, number(2000), it[ExpiryAttribute])
	require.Equal(t, item{"pk": text("t#n#k"), "sk": text("a"), "n": number(5), "exp": number(3000)}, f.items[[2]string{"t#n#k", "a"}])
	require.Equal(t, []string{"UpdateItem", "UpdateItem"}, f.calls, "one request a call")
}

// TestAWriteThatWasSentTwiceIsOne: its second arrival finds its own mark.
func TestAWriteThatWasSentTwiceIsOne(t *testing.T) {
	f := newFake()
	s := New(f, "table", Options{})
	f.lose = true
	version, err := s.Put(t.Context(), records.Record{Name: theName})
	require.NoError(t, err)
	f.lose = true
	next, err := s.Put(t.Context(), records.Record{Name: theName, Version: version})
	require.NoError(t, err)
	require.Equal(t, version+1, next)
	_, err = s.Put(t.Context(), records.Record{Name: theName, Version: version})
	require.ErrorIs(t, err, records.ErrConflict)
	f.lose = true
	require.NoError(t, s.Delete(t.Context(), theName, next))
	require.ErrorIs(t, s.Delete(t.Context(), theName, next), records.ErrConflict)
}

// TestWhatIsSentAgain: a real client, of which the first requests fail.
func TestWhatIsSentAgain(t *testing.T) {
	const throttled = `{"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException"}`
	for name, tt := range map[string]struct {
		status  int
		answer  string
		call    func(*Store) error
		want    int // requests
		succeed bool
	}{
		"put after 500":          {500, "{}", put, 2, true},
		"put after throttling":   {400, throttled, put, 2, true},
		"add after 500":          {500, "{}", add, 1, false},
		"add after throttling":   {400, throttled, add, 2, true},
		"delete after 500":       {500, "{}", remove, 2, true},
		"delete after throttled": {400, throttled, remove, 2, true},
	} {
		t.Run(name, func(t *testing.T) {
			n := 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/x-amz-json-1.0")
				if n++; n == 1 {
					w.WriteHeader(tt.status)
					_, _ = io.WriteString(w, tt.answer)
					return
				}
				_, _ = io.WriteString(w, `{"Attributes": {"v": {"N": "7"}, "n": {"N": "7"}}}`)
			}))
			defer server.Close()
			s := New(dynamodb.New(dynamodb.Options{
				Region: "us-east-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
				Retryer: retry.NewStandard(func(o *retry.StandardOptions) {
					o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
				}),
			}), "table", Options{})
			require.Equal(t, tt.succeed, tt.call(s) == nil)
			require.Equal(t, tt.want, n)
		})
	}
}

func put(s *Store) error {
	version, err := s.Put(context.Background(), records.Record{Name: theName})
	if err == nil && version != 7 {
		err = fmt.Errorf("version %d", version)
	}
	return err
}

func add(s *Store) error {
	_, err := s.Add(context.Background(), theName, 1, time.Time{})
	return err
}

func remove(s *Store) error { return s.Delete(context.Background(), theName, 7) }

func TestDamagedItems(t *testing.T) {
	for name, bad := range map[string]item{
		"version": {"v": text("7"), "data": number(1)},
		"value":   {"v": number(7), "data": number(1)},
		"nothing": {},
	} {
		f := newFake()
		it := key("t#v#k", "a")
		for k, v := range bad {
			it[k] = v
		}
		f.items[keyOf(it)] = it
		s := New(f, "table", Options{})
		_, err := s.Get(t.Context(), theName)
		require.ErrorContains(t, err, `"a"`, name)
		require.NotErrorIs(t, err, records.ErrNotFound)
		_, err = s.List(t.Context(), "t", "k")
		require.ErrorContains(t, err, `"a"`, name)
	}
}

func TestTableDefinition(t *testing.T) {
	in := Table("records")
	require.Equal(t, "records", *in.TableName)
	require.Equal(t, PartitionKey, *in.KeySchema[0].AttributeName)
	require.Equal(t, ExpiryAttribute, aws.ToString(TimeToLive("records").TimeToLiveSpecification.AttributeName))
	require.False(t, strings.Contains("!-_.*'()", "#"), "the keys rely on it")
}
