package dynamoindex

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// transact carries out all of the writes or none. It reports false if DynamoDB
// cancelled them because a condition does not hold, or because another
// transaction is writing one of the items; failed has the numbers of the writes
// whose condition did not hold.
func (ix *Index) transact(ctx context.Context, writes []types.TransactWriteItem) (done bool, failed []int, err error) {
	_, err = ix.api.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: writes})
	var cancelled *types.TransactionCanceledException
	if errors.As(err, &cancelled) && mayPass(cancelled.CancellationReasons) {
		for i, r := range cancelled.CancellationReasons {
			if aws.ToString(r.Code) == conditionFailed {
				failed = append(failed, i)
			}
		}
		return false, failed, nil
	}
	return err == nil, nil, err
}

// conditionFailed is the code of a write whose condition does not hold.
const conditionFailed = "ConditionalCheckFailed"

// mayPass reports whether nothing is wrong with the writes as such.
func mayPass(reasons []types.CancellationReason) bool {
	for _, r := range reasons {
		switch aws.ToString(r.Code) {
		case "", "None", conditionFailed, "TransactionConflict":
		default:
			return false
		}
	}
	return len(reasons) > 0
}

// isNotThere is the condition that there is no item of the key yet.
const isNotThere = "attribute_not_exists(pk)"

func (ix *Index) put(it item, condition string) types.TransactWriteItem {
	p := &types.Put{TableName: &ix.table, Item: it}
	if condition != "" {
		p.ConditionExpression = &condition
	}
	return types.TransactWriteItem{Put: p}
}

// take notes with the id of a source who took it, on the condition that it is
// there and that nobody else did.
func (ix *Index) take(tenant profile.TenantID, source, by string) types.TransactWriteItem {
	return types.TransactWriteItem{Update: &types.Update{
		TableName:                 &ix.table,
		Key:                       place{tenant: tenant, id: source}.idItem().item(),
		UpdateExpression:          aws.String("SET #by = :by"),
		ConditionExpression:       aws.String("attribute_exists(pk) AND (attribute_not_exists(#by) OR #by = :by)"),
		ExpressionAttributeNames:  map[string]string{"#by": attrTakenBy},
		ExpressionAttributeValues: item{":by": text(by)},
	}}
}

func (ix *Index) drop(k key) types.TransactWriteItem {
	return types.TransactWriteItem{Delete: &types.Delete{TableName: &ix.table, Key: k.item()}}
}

// dropID drops an id if it still tells of this place.
func (ix *Index) dropID(p place) types.TransactWriteItem {
	d := ix.drop(p.idItem())
	d.Delete.ConditionExpression = aws.String("#level = :level AND #min = :min AND #at = :at")
	d.Delete.ExpressionAttributeNames = map[string]string{"#level": attrLevel, "#min": attrMinTime, "#at": attrCommittedAt}
	d.Delete.ExpressionAttributeValues = item{
		":level": number(int64(p.level)), ":min": number(p.minTime), ":at": number(p.committedAt),
	}
	return d
}

// errBusy is what remains after maxAttempts.
var errBusy = errors.New("others write the same row without a pause")

// attempts calls try until it is done, up to maxAttempts.
func (ix *Index) attempts(ctx context.Context, try func() (done bool, err error)) error {
	for attempt := range maxAttempts {
		if attempt > 0 {
			ix.pause(ctx, attempt-1)
		}
		if done, err := try(); done || err != nil {
			return err
		}
	}
	return errBusy
}

// translate gives an error the meaning that it has in the contract.
func translate(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
