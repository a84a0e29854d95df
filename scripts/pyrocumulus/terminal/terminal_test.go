package terminal

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/creack/pty"
	"github.com/stretchr/testify/require"
)

func TestOf(t *testing.T) {
	with := func(env map[string]string) func(string) (string, bool) {
		return func(name string) (string, bool) { value, ok := env[name]; return value, ok }
	}
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	require.NoError(t, err)
	defer file.Close()
	require.Equal(t, Screen{}, Of(file, with(nil)))

	control, screen, err := pty.Open()
	require.NoError(t, err)
	defer control.Close()
	defer screen.Close()
	require.NoError(t, pty.Setsize(control, &pty.Winsize{Rows: 20, Cols: 77}))
	for _, c := range []struct {
		env    map[string]string
		colour bool
	}{
		{nil, true}, {map[string]string{"NO_COLOR": ""}, true}, {map[string]string{"NO_COLOR": "1"}, false},
		{map[string]string{"TERM": "dumb"}, false}, {map[string]string{"TERM": "xterm"}, true},
	} {
		require.Equal(t, Screen{Terminal: true, Width: 77, Colour: c.colour}, Of(screen, with(c.env)), c.env)
	}
	require.Equal(t, "\x1b[31mx\x1b[0m", Screen{Colour: true}.Paint(Red, "x"))
	require.Equal(t, "x", Screen{}.Paint(Red, "x"))
}
