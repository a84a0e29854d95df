package dynamorecords

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/pyrocumulus/pyrocumulus/shared/records"
)

// API is what the store needs of the client of DynamoDB; *dynamodb.Client has
// it.
type API interface {
	GetItem(ctx context.Context, in *dynamodb.GetItemInput, opts ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error)
	UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput, opts ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error)
	Query(ctx context.Context, in *dynamodb.QueryInput, opts ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error)
}

// Options of a store. The zero value is usable.
type Options struct {
	Now func() time.Time // the clock of expiry; nil: time.Now
}

// Store is a record store in a table of DynamoDB.
type Store struct {
	api   API
	table string
	now   func() time.Time
	mark  func() string // a new one for each Put; tests know them
}

var _ records.Store = (*Store)(nil)

// New returns the store in a table, which must exist; see [Table].
func New(api API, table string, o Options) *Store {
	s := &Store{api: api, table: table, now: o.Now, mark: rand.Text}
	if s.now == nil {
		s.now = time.Now
	}
	return s
}
