package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// The program itself, on a terminal and without one.
func TestProgressIsForTerminals(t *testing.T) {
	url, _ := startHost(t, t.TempDir())
	p := newPlace(t, built(t), url)
	for i := range 3 {
		write(t, filepath.Join(p.dir, "many", fmt.Sprint(i)), fmt.Sprintf("main;work %d\n", i+1))
	}
	for args, shown := range map[string]bool{"": true, "-quiet": false, "-json": false} {
		words := []string{"push", "-service", "shop", "many/*"}
		if args != "" {
			words = append(words, args)
		}
		cmd := exec.Command(p.bin, words...)
		cmd.Dir, cmd.Env = p.dir, p.env
		out, err := os.Create(filepath.Join(p.dir, "out"))
		require.NoError(t, err)
		cmd.Stdout = out
		term := newTerminal(t, cmd)
		seen := term.all()
		require.NoError(t, out.Close())
		answer, err := os.ReadFile(out.Name())
		require.NoError(t, err)
		require.NotEmpty(t, answer)
		if !shown {
			require.Empty(t, seen, args)
			continue
		}
		require.Equal(t, "3 files, 36 bytes\n", string(answer), "the answer is apart from the progress")
		require.Contains(t, seen, "\r\x1b[Kpushed: 0/3 [....................] 0%")
		require.Regexp(t, "\r\x1b\\[K$", seen, "the line goes in the end")
	}
	cmd := exec.Command(p.bin, "push", "-service", "shop", "many/*")
	cmd.Dir, cmd.Env = p.dir, p.env
	all, err := cmd.CombinedOutput()
	require.NoError(t, err)
	require.Equal(t, "3 files, 36 bytes\n", string(all))
}
