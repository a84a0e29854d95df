package dynamoindex

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
)

// The keys of the table, both strings.
const (
	PartitionKey = "pk"
	SortKey      = "sk"
)

// API is what the index needs of the client of DynamoDB; *dynamodb.Client has
// it.
type API interface {
	GetItem(ctx context.Context, in *dynamodb.GetItemInput, opts ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error)
	PutItem(ctx context.Context, in *dynamodb.PutItemInput, opts ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error)
	Query(ctx context.Context, in *dynamodb.QueryInput, opts ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error)
	TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, opts ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error)
}

// Index is a block index in a table of DynamoDB.
type Index struct {
	api   API
	table string
	pause func(ctx context.Context, attempt int) // between attempts of a transaction; tests shorten it

	mu     sync.Mutex
	marked map[key]bool // marks that are there for certain
}

var _ blockindex.Index = (*Index)(nil)

// New returns the index in a table, which must exist; see the package's page
// for its keys.
func New(api API, table string) *Index {
	return &Index{api: api, table: table, pause: pause, marked: make(map[key]bool)}
}

const (
	// parallel is how many requests one call has under way at once.
	parallel = 16
	// maxBuckets is how many buckets Find queries without asking which there
	// are: those of a week and MaxSpan.
	maxBuckets = 33
	// maxAttempts is how often a transaction is sent that DynamoDB cancels
	// because others are under way.
	maxAttempts = 8
)

// pause waits about 10 ms after the first attempt and twice as long after each
// other one.
func pause(ctx context.Context, attempt int) {
	d := 10 * time.Millisecond << attempt
	timer := time.NewTimer(d/2 + rand.N(d))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
