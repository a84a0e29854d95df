package dynamoindex

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strconv"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// fake is as much of DynamoDB as the index uses, with small pages. It knows the
// expressions of the index by their text. tests/emulators has the index work
// with a real one.
type fake struct {
	mu    sync.Mutex
	items map[key]item
	calls map[string]int // by operation
}

func newFake() *fake { return &fake{items: make(map[key]item), calls: make(map[string]int)} }

const pageItems = 7

func keyOf(it item) key {
	return key{it[PartitionKey].(*types.AttributeValueMemberS).Value, it[SortKey].(*types.AttributeValueMemberS).Value}
}

func stringOf(v types.AttributeValue) string { return v.(*types.AttributeValueMemberS).Value }

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
	f.calls[operation]++
	return f.mu.Unlock, nil
}

func (f *fake) GetItem(ctx context.Context, in *dynamodb.GetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	end, err := f.begin(ctx, "GetItem", aws.Bool(aws.ToBool(in.ConsistentRead)))
	if err != nil {
		return nil, err
	}
	defer end()
	return &dynamodb.GetItemOutput{Item: copyOf(f.items[keyOf(in.Key)])}, nil
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

func (f *fake) PutItem(ctx context.Context, in *dynamodb.PutItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	end, err := f.begin(ctx, "PutItem", nil)
	if err != nil {
		return nil, err
	}
	defer end()
	f.items[keyOf(in.Item)] = copyOf(in.Item)
	return &dynamodb.PutItemOutput{}, nil
}

func (f *fake) Query(ctx context.Context, in *dynamodb.QueryInput, _ ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	end, err := f.begin(ctx, "Query", aws.Bool(aws.ToBool(in.ConsistentRead)))
	if err != nil {
		return nil, err
	}
	defer end()
	if got := aws.ToString(in.KeyConditionExpression); got != "#pk = :pk AND #sk BETWEEN :lo AND :hi" {
		panic(got)
	}
	if got := aws.ToString(in.FilterExpression); got != "" && got != "#max >= :from" {
		panic(got)
	}
	v := in.ExpressionAttributeValues
	var keys []string
	for k := range f.items {
		if k.pk == stringOf(v[":pk"]) && k.sk >= stringOf(v[":lo"]) && k.sk <= stringOf(v[":hi"]) {
			keys = append(keys, k.sk)
		}
	}
	sort.Strings(keys)
	if last := in.ExclusiveStartKey; last != nil {
		keys = keys[sort.SearchStrings(keys, stringOf(last[SortKey])+"\x00"):]
	}
	limit := pageItems
	if in.Limit != nil {
		limit = int(*in.Limit)
	}
	out := &dynamodb.QueryOutput{}
	if len(keys) >= limit { // as DynamoDB does, even if nothing follows
		keys = keys[:limit]
		out.LastEvaluatedKey = key{stringOf(v[":pk"]), keys[limit-1]}.item()
	}
	for _, sk := range keys {
		it := f.items[key{stringOf(v[":pk"]), sk}]
		if in.FilterExpression == nil || numberOf(it[in.ExpressionAttributeNames["#max"]]) >= numberOf(v[":from"]) {
			out.Items = append(out.Items, copyOf(it))
		}
	}
	return out, nil
}

func (f *fake) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, _ ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	end, err := f.begin(ctx, "TransactWriteItems", nil)
	if err != nil {
		return nil, err
	}
	defer end()
	if len(in.TransactItems) > 100 {
		panic("more actions than DynamoDB takes")
	}
	var reasons []types.CancellationReason
	ok := true
	for _, w := range in.TransactItems {
		code := "None"
		if !f.holds(w) {
			code, ok = "ConditionalCheckFailed", false
		}
		reasons = append(reasons, types.CancellationReason{Code: &code})
	}
	if !ok {
		return nil, fmt.Errorf("fake: %w", &types.TransactionCanceledException{CancellationReasons: reasons})
	}
	for _, w := range in.TransactItems {
		switch {
		case w.Put != nil:
			f.items[keyOf(w.Put.Item)] = copyOf(w.Put.Item)
		case w.Update != nil:
			if got := *w.Update.UpdateExpression; got != "SET #by = :by" {
				panic(got)
			}
			it := copyOf(f.items[keyOf(w.Update.Key)])
			it[w.Update.ExpressionAttributeNames["#by"]] = w.Update.ExpressionAttributeValues[":by"]
			f.items[keyOf(w.Update.Key)] = it
		default:
			delete(f.items, keyOf(w.Delete.Key))
		}
	}
	return &dynamodb.TransactWriteItemsOutput{}, nil
}

// holds reports whether the condition of a write holds.
func (f *fake) holds(w types.TransactWriteItem) bool {
	switch {
	case w.Put != nil && w.Put.ConditionExpression != nil:
		if got := *w.Put.ConditionExpression; got != "attribute_not_exists(pk)" {
			panic(got)
		}
		return f.items[keyOf(w.Put.Item)] == nil
	case w.Update != nil:
		if got := *w.Update.ConditionExpression; got != "attribute_exists(pk) AND (attribute_not_exists(#by) OR #by = :by)" {
			panic(got)
		}
		it := f.items[keyOf(w.Update.Key)]
		by := it[w.Update.ExpressionAttributeNames["#by"]]
		return it != nil && (by == nil || stringOf(by) == stringOf(w.Update.ExpressionAttributeValues[":by"]))
	case w.Delete != nil && w.Delete.ConditionExpression != nil:
		if got := *w.Delete.ConditionExpression; got != "#level = :level AND #min = :min AND #at = :at" {
			panic(got)
		}
		it, v, names := f.items[keyOf(w.Delete.Key)], w.Delete.ExpressionAttributeValues, w.Delete.ExpressionAttributeNames
		for _, name := range []string{"level", "min", "at"} {
			if it == nil || numberOf(it[names["#"+name]]) != numberOf(v[":"+name]) {
				return false
			}
		}
	}
	return true
}
