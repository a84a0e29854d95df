package s3store

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
)

// code is the code of an error that S3 answered with, or "".
func code(err error) string {
	var e smithy.APIError
	if errors.As(err, &e) {
		return e.ErrorCode()
	}
	return ""
}

// status is the HTTP status that S3 answered an error with, or 0.
func status(err error) int {
	var e *smithyhttp.ResponseError
	if errors.As(err, &e) {
		return e.HTTPStatusCode()
	}
	return 0
}

// isTaken reports that a PUT found an object under its key.
func isTaken(err error) bool { return status(err) == http.StatusPreconditionFailed }

// isConflict reports that someone else is writing the same key, and that the
// same request may be sent again.
func isConflict(err error) bool {
	return status(err) == http.StatusConflict &&
		(code(err) == "ConditionalRequestConflict" || code(err) == "OperationAborted")
}

// translate gives an error the meaning that it has in the contract. A 404 alone
// does not tell that the object is missing: the bucket may be.
func translate(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case code(err) == "NoSuchKey":
		return objstore.ErrNotExist
	case code(err) == "InvalidObjectState":
		return fmt.Errorf("%w: %w", objstore.ErrArchived, err)
	case status(err) == http.StatusRequestedRangeNotSatisfiable:
		return fmt.Errorf("%w: %w", objstore.ErrRange, err)
	}
	return err
}
