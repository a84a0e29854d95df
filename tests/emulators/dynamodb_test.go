package emulators

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex/blockindextest"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex/dynamoindex"
	"github.com/pyrocumulus/pyrocumulus/shared/records"
	"github.com/pyrocumulus/pyrocumulus/shared/records/dynamorecords"
	"github.com/pyrocumulus/pyrocumulus/shared/records/recordstest"
)

func TestBlockIndex(t *testing.T) {
	onEach(t, func(t *testing.T, _ emulator, cfg aws.Config) {
		client := dynamodb.NewFromConfig(cfg)
		run, n := time.Now().UnixNano(), atomic.Int64{}
		names := make(map[blockindex.Index]string)
		blockindextest.Run(t, func(t *testing.T) blockindex.Index {
			table := fmt.Sprintf("test-%d-%d", run, n.Add(1))
			_, err := client.CreateTable(t.Context(), dynamoindex.Table(table))
			require.NoError(t, err)
			ix := dynamoindex.New(client, table)
			names[ix] = table
			return ix
		}, blockindextest.Reopen(func(_ *testing.T, ix blockindex.Index) blockindex.Index {
			return dynamoindex.New(client, names[ix])
		}))
	}, dynamoDBLocal())
}

func TestRecords(t *testing.T) {
	onEach(t, func(t *testing.T, _ emulator, cfg aws.Config) {
		client := dynamodb.NewFromConfig(cfg)
		run, n := time.Now().UnixNano(), atomic.Int64{}
		names := make(map[records.Store]string)
		recordstest.Run(t, func(t *testing.T, now func() time.Time) records.Store {
			table := fmt.Sprintf("records-%d-%d", run, n.Add(1))
			_, err := client.CreateTable(t.Context(), dynamorecords.Table(table))
			require.NoError(t, err)
			s := dynamorecords.New(client, table, dynamorecords.Options{Now: now})
			names[s] = table
			return s
		}, recordstest.Reopen(func(_ *testing.T, s records.Store, now func() time.Time) records.Store {
			return dynamorecords.New(client, names[s], dynamorecords.Options{Now: now})
		}))
	}, dynamoDBLocal())
}
