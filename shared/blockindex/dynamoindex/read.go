package dynamoindex

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// get returns an item, or nil if there is none.
func (ix *Index) get(ctx context.Context, k key) (item, error) {
	out, err := ix.api.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &ix.table, Key: k.item(), ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return nil, err
	}
	if len(out.Item) == 0 {
		return nil, nil
	}
	return out.Item, nil
}

// query calls visit for each item of a partition whose sort key is from lo to
// hi, both inclusive, and that passes the filter, "" for all.
func (ix *Index) query(ctx context.Context, pk, lo, hi string, f filter, visit func(item) error) error {
	in := &dynamodb.QueryInput{
		TableName: &ix.table, ConsistentRead: aws.Bool(true),
		KeyConditionExpression:    aws.String("#pk = :pk AND #sk BETWEEN :lo AND :hi"),
		ExpressionAttributeNames:  map[string]string{"#pk": PartitionKey, "#sk": SortKey},
		ExpressionAttributeValues: item{":pk": text(pk), ":lo": text(lo), ":hi": text(hi)},
	}
	if f.maxTimeFrom != nil {
		in.FilterExpression = aws.String("#max >= :from")
		in.ExpressionAttributeNames["#max"] = attrMaxTime
		in.ExpressionAttributeValues[":from"] = number(*f.maxTimeFrom)
	}
	if f.first {
		in.Limit = aws.Int32(1)
	}
	pages := dynamodb.NewQueryPaginator(ix.api, in)
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, it := range page.Items {
			if err := visit(it); err != nil || f.first {
				return err
			}
		}
	}
	return nil
}

// filter is what a query leaves out.
type filter struct {
	maxTimeFrom *int64 // rows that end before it
	first       bool   // all but the first item
}

// find returns where the row of an id is; it reports false if there is none.
func (ix *Index) find(ctx context.Context, tenant profile.TenantID, id string) (place, bool, error) {
	p := place{tenant: tenant, id: id}
	it, err := ix.get(ctx, p.idItem())
	if err != nil || it == nil {
		return place{}, false, err
	}
	f := fields{item: it}
	p.level, p.minTime, p.committedAt = int(f.number(attrLevel)), f.number(attrMinTime), f.number(attrCommittedAt)
	return p, f.err == nil, f.err
}

// row returns the row at a place; it reports false if there is none.
func (ix *Index) row(ctx context.Context, p place) (blockindex.Row, bool, error) {
	it, err := ix.get(ctx, p.row())
	if err != nil || it == nil {
		return blockindex.Row{}, false, err
	}
	r, err := rowOf(p.tenant, it)
	return r, err == nil, err
}
