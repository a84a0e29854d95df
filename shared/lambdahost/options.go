package lambdahost

import (
	"io"
	"log/slog"
	"time"
)

const (
	// MaxPayloadBytes is the largest event and the largest answer of a Lambda
	// function that is invoked synchronously, as JSON, base64 counted. AWS
	// calls it 6 MB and names this number in its error messages.
	MaxPayloadBytes = 6_291_556
	// DefaultMargin is the time that a handler has for its answer after its
	// context's deadline has passed.
	DefaultMargin = 500 * time.Millisecond
)

// Options are what all hosted functions need. The zero value is usable.
type Options struct {
	Function string           // name of the function in logs; in metrics too, where Lambda does not give it another
	Logger   *slog.Logger     // nil: nothing is logged
	Metrics  io.Writer        // where lines of metrics go, on Lambda the standard output; nil: nowhere
	Now      func() time.Time // nil: time.Now
	Margin   time.Duration    // by how much deadlines are cut; 0: DefaultMargin
}

func (o Options) withDefaults() Options {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Margin == 0 {
		o.Margin = DefaultMargin
	}
	return o
}
