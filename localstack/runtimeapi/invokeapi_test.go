package runtimeapi_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/localstack/runtimeapi"
	"github.com/pyrocumulus/pyrocumulus/shared/gateway"
)

// client is a client of the SDK that knows the host by the environment alone.
func client(t *testing.T, h *runtimeapi.Host) *lambda.Client {
	t.Helper()
	server := httptest.NewServer(h.InvokeAPI())
	t.Cleanup(server.Close)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL_LAMBDA": server.URL, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		t.Setenv(name, value)
	}
	cfg, err := config.LoadDefaultConfig(t.Context(), config.WithRetryMaxAttempts(1))
	require.NoError(t, err)
	return lambda.NewFromConfig(cfg)
}

func TestSDKInvokes(t *testing.T) {
	h := newHost(t, function(t, "ok"))
	c := client(t, h)
	for _, name := range []string{"f", "f:$LATEST", "arn:aws:lambda:us-east-1:000000000000:function:f", "000000000000:function:f:live"} {
		out, err := c.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: &name, Payload: []byte(`{"Do":"log"}`), LogType: types.LogTypeTail})
		require.NoError(t, err, name)
		require.EqualValues(t, 200, out.StatusCode)
		require.Nil(t, out.FunctionError)
		require.Equal(t, "$LATEST", *out.ExecutedVersion)
		var a answer
		require.NoError(t, json.Unmarshal(out.Payload, &a))
		require.NotZero(t, a.Process)
		require.NotNil(t, out.LogResult)
		_, err = base64.StdEncoding.DecodeString(*out.LogResult)
		require.NoError(t, err)
	}
	out, err := c.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("f"), Payload: []byte(`{"Do":"fail"}`)})
	require.NoError(t, err)
	require.Equal(t, "Unhandled", *out.FunctionError)
	require.JSONEq(t, `{"errorMessage":"as told","errorType":"errorString"}`, string(out.Payload))

	out, err = c.Invoke(t.Context(), &lambda.InvokeInput{
		FunctionName: aws.String("f"), Payload: []byte(`{"Do":"log"}`), InvocationType: types.InvocationTypeEvent,
	})
	require.NoError(t, err)
	require.EqualValues(t, 202, out.StatusCode)
	eventually(t, func() bool { return strings.Count(h.Logs("f"), "a line of the function") == 5 }, "the event is handled")

	out, err = c.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("f"), InvocationType: types.InvocationTypeDryRun})
	require.NoError(t, err)
	require.EqualValues(t, 204, out.StatusCode)
}

func TestSDKSeesRefusals(t *testing.T) {
	f := function(t, "ok")
	f.Concurrency = 1
	h := newHost(t, f)
	c := client(t, h)
	go func() { _, _ = h.Invoke(context.Background(), "f", []byte(`{"MS":60000}`)) }()
	eventually(t, busy(h, 1), "the environment is busy")

	_, err := c.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("f")})
	throttled := new(types.TooManyRequestsException)
	require.ErrorAs(t, err, &throttled)
	require.Equal(t, types.ThrottleReasonReservedFunctionConcurrentInvocationLimitExceeded, throttled.Reason)

	_, err = c.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("g")})
	require.ErrorAs(t, err, new(*types.ResourceNotFoundException))

	_, err = c.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("f"), Payload: []byte(`{`)})
	require.ErrorAs(t, err, new(*types.InvalidRequestContentException))

	large := append(append([]byte{'"'}, bytes.Repeat([]byte("x"), runtimeapi.MaxPayloadBytes)...), '"')
	_, err = c.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("f"), Payload: large})
	require.ErrorAs(t, err, new(*types.RequestTooLargeException))
	_, err = c.Invoke(t.Context(), &lambda.InvokeInput{
		FunctionName: aws.String("f"), Payload: append(large[:runtimeapi.MaxEventBytes:runtimeapi.MaxEventBytes], '"'),
		InvocationType: types.InvocationTypeEvent,
	})
	require.ErrorAs(t, err, new(*types.RequestTooLargeException))
	require.False(t, errors.As(err, &throttled))
}

func TestHTTPFunction(t *testing.T) {
	f := function(t, "ok")
	f.Concurrency = 1
	h := newHost(t, f)
	front, err := gateway.New([]gateway.Route{{Key: gateway.DefaultKey, Function: h.HTTPFunction("f")}}, gateway.Options{})
	require.NoError(t, err)
	get := func() int {
		w := httptest.NewRecorder()
		front.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://h/x", nil))
		return w.Code
	}
	// What the function answers is JSON, but not an answer of HTTP.
	require.Equal(t, http.StatusInternalServerError, get())
	go func() { _, _ = h.Invoke(context.Background(), "f", []byte(`{"MS":60000}`)) }()
	eventually(t, busy(h, 1), "the environment is busy")
	require.Equal(t, http.StatusServiceUnavailable, get())
}
