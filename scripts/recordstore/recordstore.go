// Package recordstore opens the record store of a deployment, for the commands
// that change what is in it.
package recordstore

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	sdkconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/pyrocumulus/pyrocumulus/functions/local/host"
	"github.com/pyrocumulus/pyrocumulus/shared/records"
	"github.com/pyrocumulus/pyrocumulus/shared/records/boltrecords"
	"github.com/pyrocumulus/pyrocumulus/shared/records/dynamorecords"
)

// Open opens the store that is the DynamoDB table or, if that is "", the one in
// the data directory of the local host, which may run meanwhile. Region and
// credentials are the environment's.
func Open(ctx context.Context, data, table string) (records.Store, error) {
	if table != "" {
		cfg, err := sdkconfig.LoadDefaultConfig(ctx)
		if err != nil {
			return nil, fmt.Errorf("load the configuration of the AWS SDK: %w", err)
		}
		return dynamorecords.New(dynamodb.NewFromConfig(cfg), table, dynamorecords.Options{}), nil
	}
	path := filepath.Join(data, host.RecordsFile)
	if _, err := os.Stat(path); err != nil { // which Open of boltrecords would make
		return nil, fmt.Errorf("%s holds no data of the local host: name another directory with -data, or a DynamoDB table with -table", data)
	}
	return boltrecords.Open(path, boltrecords.Options{})
}
