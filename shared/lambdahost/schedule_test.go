package lambdahost_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/lambdahost"
	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

func TestScheduleTakesAnyEventAsLambdaHandsItOver(t *testing.T) {
	calls := 0
	f := lambdahost.Schedule(func(ctx context.Context) error {
		calls++
		require.Equal(t, "lambda-id", telemetry.RequestID(ctx))
		return nil
	}, lambdahost.Options{})
	ctx := lambdacontext.NewContext(context.Background(), &lambdacontext.LambdaContext{AwsRequestID: "lambda-id"})
	handler := lambda.NewHandler(f)
	events := []string{`{}`, `null`, `"run"`, `[1]`, `{"detail-type":"Scheduled Event","resources":["arn"]}`}
	for _, event := range events {
		_, err := handler.Invoke(ctx, []byte(event))
		require.NoError(t, err, event)
	}
	require.Equal(t, len(events), calls)
}

func TestScheduleOfReadsItsEvent(t *testing.T) {
	type event struct {
		Number *int `json:"number"`
	}
	var got []int
	f := lambdahost.ScheduleOf(func(_ context.Context, e event) error {
		if e.Number == nil {
			got = append(got, -1)
		} else {
			got = append(got, *e.Number)
		}
		return nil
	}, lambdahost.Options{})
	for _, raw := range []string{`{"number": 3}`, `{"number": 0, "more": 1}`, ``, `null`, `{}`, `{"detail-type":"Scheduled Event"}`} {
		require.NoError(t, f(t.Context(), json.RawMessage(raw)), raw)
	}
	require.Equal(t, []int{3, 0, -1, -1, -1, -1}, got)
	for _, raw := range []string{`"run"`, `[1]`, `{"number": "three"}`, `{`} {
		require.ErrorContains(t, f(t.Context(), json.RawMessage(raw)), "event of the schedule", raw)
	}
	require.Len(t, got, 6)
}

func TestScheduleLogsAndReturnsFailures(t *testing.T) {
	var log, metrics bytes.Buffer
	o := lambdahost.Options{
		Function: "segment", Logger: telemetry.NewLogger(&log, slog.LevelInfo), Metrics: &metrics, Now: clock(),
	}
	boom := errors.New("boom")
	require.ErrorIs(t, lambdahost.Schedule(func(context.Context) error { return boom }, o)(context.Background(), nil), boom)
	err := lambdahost.Schedule(func(context.Context) error { panic("oh") }, o)(context.Background(), nil)
	require.ErrorContains(t, err, "panic: oh")
	require.NoError(t, lambdahost.Schedule(func(ctx context.Context) error {
		telemetry.Annotate(ctx, slog.Int(telemetry.KeyMessages, 7))
		return nil
	}, o)(context.Background(), json.RawMessage(`{}`)))

	got := lines(t, &log)
	require.Len(t, got, 4)
	require.Equal(t, map[string]any{
		"level": "ERROR", "msg": "scheduled run failed", "function": "segment", "err": "boom",
		"duration_ms": 250.0, "cold_start": true,
	}, got[0])
	require.Contains(t, got[1]["stack"], "schedule_test.go")
	require.Equal(t, "panic: oh", got[2]["err"])
	require.Equal(t, "scheduled run done", got[3]["msg"])
	require.Equal(t, 7.0, got[3]["messages"])
	emf := lines(t, &metrics)
	require.Len(t, emf, 2, "where all is well there is nothing to count")
	require.Equal(t, 1.0, emf[0]["ServerErrors"])
}

func TestScheduleCutsTheDeadline(t *testing.T) {
	deadline := time.Now().Add(time.Hour)
	ctx, cancel := context.WithDeadline(context.Background(), deadline)
	defer cancel()
	require.NoError(t, lambdahost.Schedule(func(ctx context.Context) error {
		got, _ := ctx.Deadline()
		require.Equal(t, lambdahost.DefaultMargin, deadline.Sub(got))
		return nil
	}, lambdahost.Options{})(ctx, nil))
}
