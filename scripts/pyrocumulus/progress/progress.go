// Package progress tells how far long work is: on a terminal as a line that
// changes, elsewhere as a line now and then, so that logs stay short.
package progress

import (
	"flag"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/command"
	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/terminal"
)

const (
	redraw    = 100 * time.Millisecond // between two changes of the line
	patience  = 10 * time.Second       // until the first line where there is no terminal
	repeat    = 30 * time.Second       // and between it and others
	barWidth  = 20
	clearLine = "\r\x1b[K"
)

// Reporter tells of one thing after the other. Its methods may be called by
// several goroutines. A nil *Reporter tells nothing.
type Reporter struct {
	out    io.Writer
	screen terminal.Screen
	now    func() time.Time

	mu      sync.Mutex
	what    string
	began   time.Time
	spoke   time.Time // when something was last shown of it
	visible bool      // a line is on the terminal
}

// QuietFlag adds the flag that turns progress off.
func QuietFlag(flags *flag.FlagSet) *bool {
	return flags.Bool("quiet", false, "tell nothing of the progress")
}

// New returns what tells of progress on the standard error stream, nil if it is
// not wanted. End must be called in the end.
func New(env *command.Env, wanted bool) *Reporter {
	if !wanted {
		return nil
	}
	return &Reporter{out: env.Stderr, screen: env.Err, now: env.Now}
}

// Update tells that done of total are done; total is 0 if nobody knows. Other
// words for what is done begin anew.
func (r *Reporter) Update(what string, done, total int) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	if what != r.what {
		r.what, r.began, r.spoke = what, now, now
		if r.screen.Terminal {
			r.spoke = now.Add(-redraw)
		} else {
			r.spoke = now.Add(patience - repeat)
		}
	}
	wait := repeat
	if r.screen.Terminal {
		wait = redraw
	}
	if now.Sub(r.spoke) < wait && (!r.screen.Terminal || done != total) {
		return
	}
	r.spoke = now
	line := r.line(now, done, total)
	if !r.screen.Terminal {
		fmt.Fprintln(r.out, line)
		return
	}
	if most := r.screen.Width - 1; most > 0 && len([]rune(line)) > most {
		line = string([]rune(line)[:most])
	}
	fmt.Fprint(r.out, clearLine, line)
	r.visible = true
}

// line says all that is known.
func (r *Reporter) line(now time.Time, done, total int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d", r.what, done)
	if total > 0 {
		share := float64(done) / float64(total)
		full := min(int(share*barWidth), barWidth)
		fmt.Fprintf(&b, "/%d [%s%s] %.0f%%", total, strings.Repeat("#", full), strings.Repeat(".", barWidth-full), 100*share)
	}
	took := now.Sub(r.began).Seconds()
	if took <= 0 || done == 0 {
		return b.String()
	}
	rate := float64(done) / took
	if rate < 1000 {
		fmt.Fprintf(&b, "  %.3g/s", rate)
	} else {
		fmt.Fprintf(&b, "  %.0f/s", rate)
	}
	if total > done {
		left := time.Duration(float64(total-done) / rate * float64(time.Second))
		fmt.Fprintf(&b, "  %s left", left.Round(time.Second))
	}
	return b.String()
}

// Write writes something else, such as a log, without mixing the two.
func (r *Reporter) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wipe()
	return r.out.Write(p)
}

// End takes the line off the terminal.
func (r *Reporter) End() {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wipe()
}

func (r *Reporter) wipe() {
	if r.visible {
		fmt.Fprint(r.out, clearLine)
		r.visible = false
	}
}
