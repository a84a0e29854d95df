package queue_test

import (
	"encoding/base64"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

func TestBodyBytesIsTheLengthOfBase64(t *testing.T) {
	for n := range 1000 {
		require.Equal(t, base64.StdEncoding.EncodedLen(n), queue.BodyBytes(n), "%d bytes", n)
	}
	require.Equal(t, queue.MaxBatchBytes, queue.BodyBytes(768<<10))
	require.Greater(t, queue.BodyBytes(768<<10+1), queue.MaxBatchBytes)
}

func TestFirst(t *testing.T) {
	one, two := errors.New("one"), errors.New("two")
	for _, c := range []struct {
		errs []error
		want error
	}{
		{nil, nil},
		{[]error{}, nil},
		{[]error{nil, nil}, nil},
		{[]error{nil, one, two}, one},
		{[]error{two, one}, two},
	} {
		require.Equal(t, c.want, queue.First(c.errs))
	}
}
