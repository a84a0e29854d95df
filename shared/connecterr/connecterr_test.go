package connecterr_test

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"testing"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/connecterr"
)

// Connect's own writer is the reference for the statuses of the codes.
func TestStatusesAreThoseOfConnect(t *testing.T) {
	ref := connect.NewErrorWriter()
	for code := connect.CodeCanceled; code <= connect.CodeUnauthenticated; code++ {
		err := connect.NewError(code, errors.New(`what "went" wrong`))
		want, got := httptest.NewRecorder(), httptest.NewRecorder()
		require.NoError(t, ref.Write(want, httptest.NewRequest("POST", "/", nil), err))
		connecterr.Write(got, err)
		require.Equal(t, want.Code, got.Code, "%v", code)
		require.JSONEq(t, want.Body.String(), got.Body.String())
		require.Equal(t, want.Header().Get("Content-Type"), got.Header().Get("Content-Type"))
	}
}

func TestWrite(t *testing.T) {
	for _, c := range []struct {
		err    error
		status int
		body   string
	}{
		{errors.New("plain"), 500, `{"code":"unknown","message":"plain"}`},
		{fmt.Errorf("around: %w", connect.NewError(connect.CodeNotFound, errors.New("inner"))), 404, `{"code":"not_found","message":"inner"}`},
		{connect.NewError(connect.CodeInvalidArgument, errors.New("label \"a\xff\"")), 400, `{"code":"invalid_argument","message":"label \"a` + "\uFFFD" + `\""}`},
	} {
		w := httptest.NewRecorder()
		connecterr.Write(w, c.err)
		require.Equal(t, c.status, w.Code)
		require.Equal(t, c.body, w.Body.String())
		require.Equal(t, fmt.Sprint(w.Body.Len()), w.Header().Get("Content-Length"))
	}
}

func TestWriteStatus(t *testing.T) {
	w := httptest.NewRecorder()
	connecterr.WriteStatus(w, 413, connect.CodeInvalidArgument, "too much")
	require.Equal(t, 413, w.Code)
	require.Equal(t, `{"code":"invalid_argument","message":"too much"}`, w.Body.String())
	require.Equal(t, "application/json", w.Header().Get("Content-Type"))
}
