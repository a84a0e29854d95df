package dynamorecords

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/records"
)

// wrap says of an error what was being done, and gives it the meaning that it
// has in the contract.
func wrap(ctx context.Context, doing string, n records.Name, err error) error {
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return fmt.Errorf("%s %s %.60q of tenant %s: %w", doing, n.Kind, n.Key, n.Tenant, err)
}

// Get is Store's.
func (s *Store) Get(ctx context.Context, name records.Name) (records.Record, error) {
	if err := name.Validate(); err != nil {
		return records.Record{}, fmt.Errorf("get record: %w", err)
	}
	out, err := s.api.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &s.table, Key: key(valuesPK(name.Tenant, name.Kind), name.Key), ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return records.Record{}, wrap(ctx, "get record", name, err)
	}
	if len(out.Item) > 0 {
		r, ok, err := s.recordOf(name.Tenant, name.Kind, out.Item)
		if ok || err != nil {
			return r, err
		}
	}
	return records.Record{}, wrap(ctx, "get record", name, records.ErrNotFound)
}

// List is Store's.
func (s *Store) List(ctx context.Context, tenant profile.TenantID, kind records.Kind) ([]records.Record, error) {
	any := records.Name{Tenant: tenant, Kind: kind, Key: "any"}
	if err := any.Validate(); err != nil {
		return nil, fmt.Errorf("list records: %w", err)
	}
	var all []records.Record
	pages := dynamodb.NewQueryPaginator(s.api, &dynamodb.QueryInput{
		TableName: &s.table, ConsistentRead: aws.Bool(true),
		KeyConditionExpression:    aws.String("#pk = :pk"),
		ExpressionAttributeNames:  map[string]string{"#pk": PartitionKey},
		ExpressionAttributeValues: item{":pk": text(valuesPK(tenant, kind))},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, wrap(ctx, "list records", any, err)
		}
		for _, it := range page.Items {
			r, ok, err := s.recordOf(tenant, kind, it)
			if err != nil {
				return nil, wrap(ctx, "list records", any, err)
			}
			if ok {
				all = append(all, r)
			}
		}
	}
	return all, nil
}
