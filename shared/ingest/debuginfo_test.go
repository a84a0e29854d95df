package ingest_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSymbolsAreNotWanted(t *testing.T) {
	const path = "/debuginfo.v1alpha1.DebuginfoService/"
	b := newBench(t, multitenant)
	w := b.do("POST", path+"ShouldInitiateUpload", strings.NewReader(`{"file":{"gnuBuildId":"abc"}}`), "Content-Type", "application/json", "X-Scope-OrgID", "acme")
	require.Equal(t, 200, w.Code, w.Body)
	require.Contains(t, w.Body.String(), "reason")
	require.NotContains(t, w.Body.String(), "shouldInitiateUpload")
	w = b.do("POST", path+"ShouldInitiateUpload", strings.NewReader(""), "Content-Type", "application/proto")
	require.Equal(t, 401, w.Code)
	require.Equal(t, 404, b.do("POST", path+"ListDebuginfo", nil, "X-Scope-OrgID", "acme").Code)
}

// Some clients write the server's address, with a slash at its end, before the
// path.
func TestSlashesAtTheBeginning(t *testing.T) {
	b := newBench(t)
	w := b.do("POST", "//ingest?name=app", strings.NewReader("a;b 1"))
	require.Equal(t, 200, w.Code, w.Body)
	require.Len(t, b.queue.sent, 1)
	w = b.do("POST", "//push.v1.PusherService/Push", strings.NewReader("{}"), "Content-Type", "application/json")
	require.Equal(t, 400, w.Code, w.Body)
	require.Contains(t, w.Body.String(), "no profiles received")
}
