package sqsqueue

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"

	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

// errNoResult stands for the result of an entry that SQS did not mention.
var errNoResult = errors.New("the answer has no result for it")

// refuse is a result that has the same error for each of n entries, one at
// least.
func refuse(n int, err error) []error { return slices.Repeat([]error{err}, max(n, 1)) }

// results are those of a call by entry, of which some may have been refused
// before. The ids of entries in the call are their indexes.
type results struct {
	verb string
	errs []error
}

func newResults(verb string, n int) *results { return &results{verb, make([]error, n)} }

// failAll is for a call that failed as a whole: of the entries in it nothing is
// known.
func (r *results) failAll(ctx context.Context, ids []*string, err error) {
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	} else if isRefusal(codeOf(err)) {
		err = fmt.Errorf("%w: %w", queue.ErrBadEntry, err)
	}
	for _, id := range ids {
		r.set(id, err)
	}
}

// failSome takes what SQS says of each entry.
func (r *results) failSome(ids, done []*string, failed []types.BatchResultErrorEntry, meaning func(code, message string) error) {
	told := make(map[string]bool)
	for _, id := range done {
		told[aws.ToString(id)] = true
	}
	for _, f := range failed {
		told[aws.ToString(f.Id)] = true
		err := fmt.Errorf("%s: %s", aws.ToString(f.Code), aws.ToString(f.Message))
		if m := meaning(bare(aws.ToString(f.Code)), aws.ToString(f.Message)); m != nil {
			err = fmt.Errorf("%w: %w", m, err)
		}
		r.set(f.Id, err)
	}
	for _, id := range ids {
		if !told[*id] {
			r.set(id, errNoResult)
		}
	}
}

// set notes the error of an entry. An id that is none of ours is passed over:
// the entry that it may have been for has no result then.
func (r *results) set(id *string, err error) {
	if i, convErr := strconv.Atoi(aws.ToString(id)); convErr == nil && i >= 0 && i < len(r.errs) {
		r.errs[i] = fmt.Errorf("%s: %w", r.verb, err)
	}
}

// list is the result for the caller: nil if there is no error.
func (r *results) list() []error {
	if queue.First(r.errs) == nil {
		return nil
	}
	return r.errs
}

// idOf is the id of the i-th entry of a call.
func idOf(i int) *string { return aws.String(strconv.Itoa(i)) }

// meaningOfSend is the error of the contract for an entry of a Send, or nil.
func meaningOfSend(code, _ string) error {
	if isRefusal(code) || code == "InvalidParameterValue" || code == "InvalidParameterValueException" || code == "MissingParameter" {
		return queue.ErrBadEntry
	}
	return nil
}

// meaningOfHandle is the same for an entry of an Extend or Delete. What else
// than the handle can be wrong with such an entry is the timeout.
func meaningOfHandle(code, message string) error {
	switch code {
	case "InvalidParameterValue", "InvalidParameterValueException": // the second is of the JSON protocol
		if strings.Contains(message, "parameter VisibilityTimeout") {
			return queue.ErrBadEntry
		}
		return queue.ErrHandle
	case "ReceiptHandleIsInvalid", "InvalidReceiptHandle", "MessageNotInflight":
		return queue.ErrHandle
	}
	return nil
}

// isRefusal reports whether the code says that SQS takes no such call or entry.
func isRefusal(code string) bool {
	switch code {
	case "InvalidMessageContents", "BatchRequestTooLong", "TooManyEntriesInBatchRequest", "EmptyBatchRequest",
		"BatchEntryIdsNotDistinct", "InvalidBatchEntryId":
		return true
	}
	return false
}

func codeOf(err error) string {
	var e smithy.APIError
	if errors.As(err, &e) {
		return bare(e.ErrorCode())
	}
	return ""
}

// bare is a code without what SQS puts before some of them, as in
// "AWS.SimpleQueueService.BatchRequestTooLong".
func bare(code string) string { return code[strings.LastIndexByte(code, '.')+1:] }
