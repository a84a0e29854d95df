package dynamorecords

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// fake is as much of DynamoDB as the store uses, with small pages. It knows the
// expressions of the store by their text. tests/emulators has the store work
// with a real one.
type fake struct {
	mu    sync.Mutex
	items map[[2]string]item
	calls []string
	// lose makes the next update take place twice, as if the first answer was
	// lost and the SDK sent it again.
	lose bool
}

func newFake() *fake { return &fake{items: make(map[[2]string]item)} }

const pageItems = 7

func keyOf(it item) [2]string {
	return [2]string{it[PartitionKey].(*types.AttributeValueMemberS).Value, it[SortKey].(*types.AttributeValueMemberS).Value}
}

func numberOf(v types.AttributeValue) int64 {
	n, err := strconv.ParseInt(v.(*types.AttributeValueMemberN).Value, 10, 64)
	if err != nil {
		panic(err)
	}
	return n
}

// begin looks at the context, as the client does.
func (f *fake) begin(ctx context.Context, operation string, consistent *bool) (func(), error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if consistent != nil && !*consistent {
		panic("the read is not consistent")
	}
	f.mu.Lock()
	f.calls = append(f.calls, operation)
	return f.mu.Unlock, nil
}

// copyOf copies as much as callers may change.
func copyOf(it item) item {
	out := maps.Clone(it)
	for name, v := range out {
		if b, ok := v.(*types.AttributeValueMemberB); ok {
			out[name] = &types.AttributeValueMemberB{Value: slices.Clone(b.Value)}
		}
	}
	return out
}

func (f *fake) GetItem(ctx context.Context, in *dynamodb.GetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	end, err := f.begin(ctx, "GetItem", aws.Bool(aws.ToBool(in.ConsistentRead)))
	if err != nil {
		return nil, err
	}
	defer end()
	return &dynamodb.GetItemOutput{Item: copyOf(f.items[keyOf(in.Key)])}, nil
}

func (f *fake) Query(ctx context.Context, in *dynamodb.QueryInput, _ ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	end, err := f.begin(ctx, "Query", aws.Bool(aws.ToBool(in.ConsistentRead)))
	if err != nil {
		return nil, err
	}
	defer end()
	if got := *in.KeyConditionExpression; got != "#pk = :pk" || in.FilterExpression != nil {
		panic(got)
	}
	pk := in.ExpressionAttributeValues[":pk"].(*types.AttributeValueMemberS).Value
	var keys []string
	for k := range f.items {
		if k[0] == pk {
			keys = append(keys, k[1])
		}
	}
	sort.Strings(keys)
	if last := in.ExclusiveStartKey; last != nil {
		keys = keys[sort.SearchStrings(keys, keyOf(last)[1]+"\x00"):]
	}
	out := &dynamodb.QueryOutput{}
	if len(keys) >= pageItems { // as DynamoDB does, even if nothing follows
		keys = keys[:pageItems]
		out.LastEvaluatedKey = key(pk, keys[pageItems-1])
	}
	for _, sk := range keys {
		out.Items = append(out.Items, copyOf(f.items[[2]string{pk, sk}]))
	}
	return out, nil
}

// holds reports whether a condition holds of an item.
func holds(condition *string, it, v item) bool {
	expired := it[ExpiryAttribute] != nil && numberOf(it[ExpiryAttribute]) <= numberOf(orZero(v[":now"]))
	switch aws.ToString(condition) {
	case "":
		return true
	case isAbsent:
		return it[attrVersion] == nil || expired
	case isThere:
		return it[attrVersion] != nil && numberOf(it[attrVersion]) == numberOf(v[":old"]) && !expired
	}
	panic(*condition)
}

func orZero(v types.AttributeValue) types.AttributeValue {
	if v == nil {
		return number(0)
	}
	return v
}

func (f *fake) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	end, err := f.begin(ctx, "UpdateItem", nil)
	if err != nil {
		return nil, err
	}
	defer end()
	out, err := f.update(in)
	if f.lose {
		f.lose = false
		out, err = f.update(in)
	}
	return out, err
}

func (f *fake) update(in *dynamodb.UpdateItemInput) (*dynamodb.UpdateItemOutput, error) {
	k := keyOf(in.Key)
	old, v := f.items[k], in.ExpressionAttributeValues
	if !holds(in.ConditionExpression, old, v) {
		return nil, fmt.Errorf("fake: %w", &types.ConditionalCheckFailedException{Item: copyOf(old)})
	}
	it := copyOf(in.Key)
	maps.Copy(it, old)
	expression := *in.UpdateExpression
	for _, part := range []struct {
		text string
		do   func()
	}{
		{"SET #v = if_not_exists(#v, :start) + :one, #data = :data, #mark = :mark", func() {
			start := v[":start"]
			if it[attrVersion] != nil {
				start = it[attrVersion]
			}
			it[attrVersion], it[attrValue], it[attrMark] = number(numberOf(start)+numberOf(v[":one"])), v[":data"], v[":mark"]
		}},
		{"SET #v = #v + :one, #data = :data, #mark = :mark", func() {
			it[attrVersion] = number(numberOf(it[attrVersion]) + numberOf(v[":one"]))
			it[attrValue], it[attrMark] = v[":data"], v[":mark"]
		}},
		{"ADD #n :delta", func() { it[attrTotal] = number(numberOf(orZero(it[attrTotal])) + numberOf(v[":delta"])) }},
		{" REMOVE #exp", func() { delete(it, ExpiryAttribute) }},
		{", #exp = :exp", func() { it[ExpiryAttribute] = v[":exp"] }},
		{" SET #exp = :exp", func() { it[ExpiryAttribute] = v[":exp"] }},
	} {
		if rest, ok := strings.CutPrefix(expression, part.text); ok {
			part.do()
			expression = rest
		}
	}
	if expression != "" {
		panic(*in.UpdateExpression)
	}
	f.items[k] = copyOf(it)
	return &dynamodb.UpdateItemOutput{Attributes: copyOf(it)}, nil
}
