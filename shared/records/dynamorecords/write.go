package dynamorecords

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/pyrocumulus/pyrocumulus/shared/records"
)

// The conditions of writes.
const (
	isAbsent = "attribute_not_exists(#v) OR #exp <= :now"
	isThere  = "#v = :old AND (attribute_not_exists(#exp) OR #exp > :now)"
)

// Put is Store's.
func (s *Store) Put(ctx context.Context, r records.Record) (uint64, error) {
	if err := r.Validate(); err != nil {
		return 0, fmt.Errorf("put record: %w", err)
	}
	now := s.now()
	values := item{":one": number(1), ":now": number(now.Unix()), ":data": binary(r.Value)}
	set, condition := "SET #v = #v + :one, #data = :data, #mark = :mark", isThere
	if r.Version == 0 {
		// An item that expired goes on with its version.
		set, condition = "SET #v = if_not_exists(#v, :start) + :one, #data = :data, #mark = :mark", isAbsent
		values[":start"] = number(now.UnixMicro())
	} else {
		values[":old"] = number(int64(r.Version))
	}
	if r.Expires.IsZero() {
		set += " REMOVE #exp"
	} else {
		set += ", #exp = :exp"
		values[":exp"] = number(r.Expires.Unix())
	}
	version, err := s.update(ctx, r.Name, condition, set, values)
	if err != nil {
		return 0, wrap(ctx, "put record", r.Name, err)
	}
	return version, nil
}

// update changes the item of a record on a condition, which it knows to have
// held also if the answer to that was lost and the SDK sent it again. It
// returns the version.
func (s *Store) update(ctx context.Context, n records.Name, condition, set string, values item) (uint64, error) {
	mark := s.mark()
	values[":mark"] = text(mark)
	out, err := s.api.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &s.table, Key: key(valuesPK(n.Tenant, n.Kind), n.Key),
		ConditionExpression: &condition, UpdateExpression: &set,
		ExpressionAttributeNames: map[string]string{
			"#v": attrVersion, "#data": attrValue, "#mark": attrMark, "#exp": ExpiryAttribute,
		},
		ExpressionAttributeValues:           values,
		ReturnValues:                        types.ReturnValueUpdatedNew,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	f := fields{}
	var failed *types.ConditionalCheckFailedException
	switch {
	case errors.As(err, &failed):
		f.item = failed.Item
		if v, ok := f.item[attrMark].(*types.AttributeValueMemberS); !ok || v.Value != mark {
			return 0, records.ErrConflict
		}
	case err != nil:
		return 0, err
	default:
		f.item = out.Attributes
	}
	version := uint64(f.number(attrVersion))
	return version, f.err
}

// longGone is how long ago a deleted record expired: longer than clocks differ,
// and less than the five years after which DynamoDB would leave it.
const longGone = 24 * time.Hour

// Delete is Store's. The item stays, expired and empty, for its version's sake.
func (s *Store) Delete(ctx context.Context, name records.Name, version uint64) error {
	if err := name.Validate(); err != nil {
		return fmt.Errorf("delete record: %w", err)
	}
	now := s.now()
	_, err := s.update(ctx, name, isThere, "SET #v = #v + :one, #data = :data, #mark = :mark, #exp = :exp", item{
		":one": number(1), ":now": number(now.Unix()), ":old": number(int64(version)), ":data": binary(nil),
		":exp": number(now.Add(-longGone).Unix()),
	})
	if err != nil {
		return wrap(ctx, "delete record", name, err)
	}
	return nil
}

// Add is Store's.
func (s *Store) Add(ctx context.Context, name records.Name, delta int64, expires time.Time) (int64, error) {
	if err := name.Validate(); err != nil {
		return 0, fmt.Errorf("add to counter: %w", err)
	}
	now := s.now()
	if !expires.IsZero() && now.Unix() >= expires.Unix() {
		// The counter is not there and will not be.
		if ctx.Err() != nil {
			return 0, wrap(ctx, "add to counter", name, ctx.Err())
		}
		return delta, nil
	}
	in := &dynamodb.UpdateItemInput{
		TableName: &s.table, Key: key(countersPK(name.Tenant, name.Kind), name.Key),
		UpdateExpression:          aws.String("ADD #n :delta"),
		ExpressionAttributeNames:  map[string]string{"#n": attrTotal},
		ExpressionAttributeValues: item{":delta": number(delta)},
		ReturnValues:              types.ReturnValueUpdatedNew,
	}
	if !expires.IsZero() {
		*in.UpdateExpression += " SET #exp = :exp"
		in.ExpressionAttributeNames["#exp"] = ExpiryAttribute
		in.ExpressionAttributeValues[":exp"] = number(expires.Unix())
	}
	out, err := s.api.UpdateItem(ctx, in, onceAtMost)
	if err != nil {
		return 0, wrap(ctx, "add to counter", name, err)
	}
	f := fields{item: out.Attributes}
	total := f.number(attrTotal)
	if f.err != nil {
		return 0, wrap(ctx, "add to counter", name, f.err)
	}
	return total, nil
}

// onceAtMost makes the client send a request again only if it is certain that
// it had no effect.
func onceAtMost(o *dynamodb.Options) {
	if o.Retryer != nil {
		o.Retryer = refusedOnly{o.Retryer}
	}
}

// refusedOnly retries what DynamoDB refused, such as for throttling.
type refusedOnly struct{ aws.Retryer }

// IsErrorRetryable is Retryer's.
func (r refusedOnly) IsErrorRetryable(err error) bool {
	var status interface{ HTTPStatusCode() int }
	return errors.As(err, &status) && status.HTTPStatusCode()/100 == 4 && r.Retryer.IsErrorRetryable(err)
}
