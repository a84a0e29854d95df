package localbackend_test

import (
	"testing"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/querybackend"
	"github.com/pyrocumulus/pyrocumulus/shared/querybackend/localbackend"
	"github.com/pyrocumulus/pyrocumulus/shared/querybackend/querybackendtest"
)

func TestContract(t *testing.T) {
	querybackendtest.Run(t, func(_ *testing.T, worker querybackendtest.Worker, store querybackendtest.Store) querybackend.Backend {
		return localbackend.New(localbackend.Worker(worker), store, time.Now)
	})
}
