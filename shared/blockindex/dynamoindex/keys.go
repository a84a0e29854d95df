package dynamoindex

import (
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// item is an item of DynamoDB, or a part of one.
type item = map[string]types.AttributeValue

// key is that of an item.
type key struct{ pk, sk string }

func (k key) item() item { return item{PartitionKey: text(k.pk), SortKey: text(k.sk)} }

// bucketLength is the time of a bucket in nanoseconds.
const bucketLength = int64(6 * time.Hour)

// Partition keys.
const tenantsPK = "tenants"

func rowsPK(t profile.TenantID, bucket int64) string {
	return fmt.Sprintf("%s#row#%s", t, bucketText(bucket))
}
func idsPK(t profile.TenantID) string     { return string(t) + "#id" }
func bucketsPK(t profile.TenantID) string { return string(t) + "#buckets" }

// bucketText is the number of a bucket, counted from 1970; the last one that
// there can be has 6 digits.
func bucketText(bucket int64) string { return fmt.Sprintf("%06d", bucket) }

// timeText is a time in nanoseconds from 1970 on.
func timeText(t int64) string { return fmt.Sprintf("%019d", t) }

// place is where the items of a row are.
type place struct {
	tenant      profile.TenantID
	id          string
	level       int
	minTime     int64
	committedAt int64
}

func (p place) row() key {
	return key{rowsPK(p.tenant, p.minTime/bucketLength), timeText(p.minTime) + "#" + p.id}
}
func (p place) idItem() key { return key{idsPK(p.tenant), p.id} }

func text(s string) *types.AttributeValueMemberS { return &types.AttributeValueMemberS{Value: s} }
func number(n int64) *types.AttributeValueMemberN {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}
