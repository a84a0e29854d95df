package dynamoindex

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
)

// step is a request that is expected and what is answered.
type step struct {
	operation string
	code      string   // of an error
	reasons   []string // of a cancelled transaction
	item      string   // of GetItem
}

// serve expects these requests in this order.
func serve(t *testing.T, steps []step) *Index {
	t.Helper()
	n := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		if n >= len(steps) || steps[n].operation != operation {
			t.Errorf("request %d is a %s", n, operation)
			w.WriteHeader(http.StatusTeapot)
			return
		}
		s := steps[n]
		n++
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		answer := "{}"
		if s.item != "" {
			answer = fmt.Sprintf(`{"Item": {%s}}`, s.item)
		}
		if s.code != "" {
			w.WriteHeader(http.StatusBadRequest)
			var reasons []string
			for _, code := range s.reasons {
				reasons = append(reasons, fmt.Sprintf(`{"Code": %q}`, code))
			}
			answer = fmt.Sprintf(`{"__type": "com.amazonaws.dynamodb.v20120810#%s", "Message": "as the test wants it", "CancellationReasons": [%s]}`,
				s.code, strings.Join(reasons, ","))
		}
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(func() {
		server.Close()
		require.Equal(t, len(steps), n, "requests")
	})
	ix := New(dynamodb.New(dynamodb.Options{
		Region: "us-east-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
		Retryer: aws.NopRetryer{},
	}), "table")
	ix.pause = func(context.Context, int) {}
	return ix
}

const (
	theID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
	idAt  = `"level": {"N": "0"}, "min": {"N": "%d"}, "at": {"N": "7"}`
	rowAs = `"id": {"S": "` + theID + `"}, "level": {"N": "0"}, "min": {"N": "1"}, "max": {"N": "2"}, "at": {"N": "7"}, "data": {"B": "%s"}`
)

var theRow = blockindex.Row{Tenant: "t", ID: theID, MinTime: 1, MaxTime: 2, CommittedAt: 7, Detail: []byte{1, 2, 3}}

func cancelled(reasons ...string) step {
	return step{operation: "TransactWriteItems", code: "TransactionCanceledException", reasons: reasons}
}

// checkError wants an error of the contract, or one of DynamoDB's that is none.
func checkError(t *testing.T, err, want error, wantCode string) {
	t.Helper()
	switch {
	case want != nil:
		require.ErrorIs(t, err, want)
	case wantCode == "":
		require.NoError(t, err)
	default:
		var e smithy.APIError
		require.True(t, errors.As(err, &e), "%v", err)
		require.Equal(t, wantCode, e.ErrorCode())
		require.NotErrorIs(t, err, blockindex.ErrConflict)
		require.NotErrorIs(t, err, blockindex.ErrTaken)
	}
}

func TestAnswersToInsert(t *testing.T) {
	mark, done, nothing := step{operation: "PutItem"}, step{operation: "TransactWriteItems"}, step{operation: "GetItem"}
	taken := cancelled("ConditionalCheckFailed", "None", "None")
	conflict := cancelled("TransactionConflict", "None", "None")
	idHere, idElsewhere := step{operation: "GetItem", item: fmt.Sprintf(idAt, 1)}, step{operation: "GetItem", item: fmt.Sprintf(idAt, 2)}
	equal, other := step{operation: "GetItem", item: fmt.Sprintf(rowAs, "AQID")}, step{operation: "GetItem", item: fmt.Sprintf(rowAs, "AQIE")}
	var busy []step
	for range maxAttempts {
		busy = append(busy, conflict, nothing)
	}
	for name, tt := range map[string]struct {
		steps []step
		want  error
		code  string
	}{
		"inserted":                    {steps: []step{done}},
		"equal row":                   {steps: []step{taken, idHere, equal}},
		"equal row, another writer":   {steps: []step{conflict, idHere, equal}},
		"other content":               {steps: []step{taken, idHere, other}, want: blockindex.ErrConflict},
		"other time":                  {steps: []step{taken, idElsewhere}, want: blockindex.ErrConflict},
		"deleted since":               {steps: []step{taken, nothing, done}},
		"deleted between the reads":   {steps: []step{taken, idHere, nothing, done}},
		"another writer that gave up": {steps: []step{conflict, nothing, conflict, nothing, done}},
		"other writers without end":   {steps: busy, want: errBusy},
		"cancelled for good":          {steps: []step{cancelled("None", "ItemCollectionSizeLimitExceeded", "None")}, code: "TransactionCanceledException"},
		"cancelled by throttling":     {steps: []step{cancelled("ThrottlingError", "None", "None")}, code: "TransactionCanceledException"},
		"cancelled without a reason":  {steps: []step{cancelled()}, code: "TransactionCanceledException"},
		"refused":                     {steps: []step{{operation: "TransactWriteItems", code: "ValidationException"}}, code: "ValidationException"},
		"not readable":                {steps: []step{taken, {operation: "GetItem", code: "AccessDeniedException"}}, code: "AccessDeniedException"},
		"row not readable":            {steps: []step{taken, idHere, {operation: "GetItem", code: "AccessDeniedException"}}, code: "AccessDeniedException"},
	} {
		t.Run(name, func(t *testing.T) {
			ix := serve(t, append([]step{mark, mark}, tt.steps...))
			checkError(t, ix.Insert(t.Context(), theRow), tt.want, tt.code)
		})
	}
	t.Run("no table", func(t *testing.T) {
		ix := serve(t, []step{mark, {operation: "PutItem", code: "ResourceNotFoundException"}})
		checkError(t, ix.Insert(t.Context(), theRow), nil, "ResourceNotFoundException")
	})
}

func TestAnswersToInsertWithSources(t *testing.T) {
	mark, done, nothing := step{operation: "PutItem"}, step{operation: "TransactWriteItems"}, step{operation: "GetItem"}
	row := theRow
	row.Level, row.Sources = 1, []string{"01ARZ3NDEKTSV4RRFFQ69G5FAA", "01ARZ3NDEKTSV4RRFFQ69G5FAB"}
	lost := cancelled("None", "None", "None", "ConditionalCheckFailed")
	mixed := cancelled("ConditionalCheckFailed", "None", "ConditionalCheckFailed", "None")
	conflict := cancelled("None", "None", "TransactionConflict", "None")
	for name, tt := range map[string]struct {
		steps []step
		want  error
	}{
		"a source is taken":                     {[]step{lost, nothing}, blockindex.ErrTaken},
		"another takes a source at the moment":  {[]step{conflict, nothing, lost, nothing}, blockindex.ErrTaken},
		"another failed to take it":             {[]step{conflict, nothing, done}, nil},
		"the row was there and is gone":         {[]step{mixed, nothing}, blockindex.ErrTaken},
		"the row is there, its sources are not": {[]step{mixed, {operation: "GetItem", item: fmt.Sprintf(idAt, 2)}}, blockindex.ErrConflict},
	} {
		t.Run(name, func(t *testing.T) {
			ix := serve(t, append([]step{mark, mark}, tt.steps...))
			checkError(t, ix.Insert(t.Context(), row), tt.want, "")
		})
	}
	row.Sources[1] = "" // no key of DynamoDB
	require.ErrorIs(t, serve(t, []step{mark, mark}).Insert(t.Context(), row), blockindex.ErrTaken)
}

func TestAnswersToDelete(t *testing.T) {
	done, nothing, there := step{operation: "TransactWriteItems"}, step{operation: "GetItem"}, step{operation: "GetItem", item: fmt.Sprintf(idAt, 1)}
	moved := cancelled("ConditionalCheckFailed", "None", "None")
	var busy []step
	for range maxAttempts {
		busy = append(busy, there, cancelled("None", "TransactionConflict", "None"))
	}
	for name, tt := range map[string]struct {
		steps []step
		want  error
		code  string
	}{
		"absent":                      {steps: []step{nothing}},
		"deleted":                     {steps: []step{there, done}},
		"deleted by another":          {steps: []step{there, moved, nothing}},
		"deleted and inserted since":  {steps: []step{there, moved, there, done}},
		"other writers without end":   {steps: busy, want: errBusy},
		"refused":                     {steps: []step{there, {operation: "TransactWriteItems", code: "AccessDeniedException"}}, code: "AccessDeniedException"},
		"not readable":                {steps: []step{{operation: "GetItem", code: "ResourceNotFoundException"}}, code: "ResourceNotFoundException"},
		"an id that tells no place":   {steps: []step{{operation: "GetItem", item: `"level": {"S": "x"}`}}, want: errAny},
		"cancelled for other reasons": {steps: []step{there, cancelled("None", "ProvisionedThroughputExceeded", "None")}, code: "TransactionCanceledException"},
	} {
		t.Run(name, func(t *testing.T) {
			err := serve(t, tt.steps).Delete(t.Context(), "t", theID, theID)
			if errors.Is(tt.want, errAny) {
				require.Error(t, err)
				return
			}
			checkError(t, err, tt.want, tt.code)
		})
	}
}

// errAny stands for any error.
var errAny = errors.New("any")

func TestAnswersToReads(t *testing.T) {
	denied := step{operation: "Query", code: "AccessDeniedException"}
	_, err := serve(t, []step{denied}).Tenants(t.Context())
	checkError(t, err, nil, denied.code)
	_, err = serve(t, []step{denied}).Find(t.Context(), "t", 0, 1)
	checkError(t, err, nil, denied.code)
}
