package progress

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/command"
	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/terminal"
)

// told is a reporter with a clock of its own.
type told struct {
	*Reporter
	out bytes.Buffer
	now time.Time
}

func newTold(screen terminal.Screen) *told {
	r := &told{now: time.Unix(1000, 0)}
	r.Reporter = New(&command.Env{Stderr: &r.out, Err: screen, Now: func() time.Time { return r.now }}, true)
	return r
}

func (r *told) after(d time.Duration, what string, done, total int) string {
	r.out.Reset()
	r.now = r.now.Add(d)
	r.Update(what, done, total)
	return r.out.String()
}

func TestTerminalHasOneLineThatChanges(t *testing.T) {
	r := newTold(terminal.Screen{Terminal: true, Width: 80})
	const clear = "\r\x1b[K"
	require.Equal(t, clear+"objects of acme: 0/400 [....................] 0%", r.after(0, "objects of acme", 0, 400))
	require.Empty(t, r.after(50*time.Millisecond, "objects of acme", 3, 400), "not too often")
	require.Equal(t, clear+"objects of acme: 100/400 [#####...............] 25%  50/s  6s left", r.after(1950*time.Millisecond, "objects of acme", 100, 400))
	require.Equal(t, clear+"objects of acme: 400/400 [####################] 100%  199/s", r.after(10*time.Millisecond, "objects of acme", 400, 400), "the last at once")
	require.Equal(t, clear+"found: 0", r.after(0, "found", 0, 0))
	require.Equal(t, clear+"found: 3000  1000/s", r.after(3*time.Second, "found", 3000, 0), "a total that nobody knows")

	r.out.Reset()
	_, err := r.Write([]byte("a warning\n"))
	require.NoError(t, err)
	require.Equal(t, clear+"a warning\n", r.out.String())
	r.out.Reset()
	r.End()
	require.Empty(t, r.out.String(), "there is no line any more")
	r.after(time.Second, "found", 4000, 0)
	r.out.Reset()
	r.End()
	require.Equal(t, clear, r.out.String())

	narrow := newTold(terminal.Screen{Terminal: true, Width: 20})
	require.Equal(t, clear+"objects of acme: 0/", narrow.after(0, "objects of acme", 0, 400), "never a second line")
}

func TestElsewhereThereIsALineNowAndThen(t *testing.T) {
	r := newTold(terminal.Screen{})
	require.Empty(t, r.after(0, "blocks", 0, 400))
	require.Empty(t, r.after(9*time.Second, "blocks", 90, 400), "short work says nothing")
	require.Equal(t, "blocks: 100/400 [#####...............] 25%  10/s  30s left\n", r.after(time.Second, "blocks", 100, 400))
	require.Empty(t, r.after(29*time.Second, "blocks", 390, 400))
	require.NotEmpty(t, r.after(time.Second, "blocks", 395, 400))
	require.Empty(t, r.after(time.Second, "blocks", 400, 400))
	r.End()
	require.Empty(t, r.out.String())
}

func TestNothingIfNotWanted(t *testing.T) {
	r := New(&command.Env{}, false)
	require.Nil(t, r)
	r.Update("blocks", 1, 2)
	r.End()
}

func TestManyMayTell(t *testing.T) {
	r := newTold(terminal.Screen{Terminal: true, Width: 80})
	var wait sync.WaitGroup
	for i := range 8 {
		wait.Go(func() {
			for j := range 100 {
				r.Update("blocks", 100*i+j, 800)
			}
		})
	}
	wait.Wait()
	require.True(t, strings.HasPrefix(r.out.String(), "\r\x1b[Kblocks: "))
}
