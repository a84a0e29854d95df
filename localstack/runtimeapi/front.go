package runtimeapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/aws/aws-lambda-go/events"

	"github.com/pyrocumulus/pyrocumulus/shared/gateway"
)

// HTTPFunction is a function as package gateway invokes it for HTTP requests. A
// request that finds all environments busy is answered with 503, as an HTTP API
// does it; a function that fails is an error, which the gateway answers with
// 500.
func (h *Host) HTTPFunction(name string) gateway.Function {
	return func(ctx context.Context, e events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
		var response events.APIGatewayV2HTTPResponse
		event, err := json.Marshal(e)
		if err != nil {
			return response, fmt.Errorf("encode event: %w", err)
		}
		result, err := h.Invoke(ctx, name, event)
		if errors.Is(err, ErrThrottled) {
			response.StatusCode = http.StatusServiceUnavailable
			response.Headers = map[string]string{"content-type": "application/json"}
			response.Body = `{"message":"Service Unavailable"}`
			return response, nil
		}
		if err != nil {
			return response, err
		}
		if err := result.Err(); err != nil {
			return response, err
		}
		if err := json.Unmarshal(result.Payload, &response); err != nil {
			return response, fmt.Errorf("decode the answer of %s: %w", name, err)
		}
		return response, nil
	}
}
