package web

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/config"
)

// screenshots of the README.
const screenshots = "../../shared/webui/screenshots"

// maxScreenshot is how large one may be.
const maxScreenshot = 150_000

// timeLimit is for a browser that hangs.
const timeLimit = 8 * time.Minute

// installBrowser gets the browser and unpacks it, before tests start it at once.
func installBrowser(t *testing.T) {
	t.Helper()
	install(t, "browser")
	if os.Getenv("PYROCUMULUS_CHROMIUM") == "" {
		run(t, "browser", "node", "--input-type=module", "-e", `await (await import("@sparticuz/chromium")).default.executablePath()`)
	}
}

func TestInABrowser(t *testing.T) {
	installBrowser(t)
	t.Parallel()
	scripts, err := filepath.Glob("browser/*.mjs")
	require.NoError(t, err)
	for _, script := range scripts { // for the cache of test results
		_, err := os.ReadFile(script)
		require.NoError(t, err)
	}
	shop := startHost(t, config.AuthNone)
	pushShop(t, shop, time.Now())
	pictures, err := filepath.Abs(screenshots)
	require.NoError(t, err)
	if !*update {
		pictures = t.TempDir()
	}
	ctx, cancel := context.WithTimeout(t.Context(), timeLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", "--test", "--test-concurrency=1", "--test-timeout=180000", "--test-reporter=spec", ".")
	cmd.WaitDelay = time.Second
	cmd.Dir = "browser"
	cmd.Env = append(os.Environ(),
		"PAGE="+shop, "TENANTS="+startHost(t, config.AuthHeader), "PROXY="+startProxy(t, shop), "SCREENSHOTS="+pictures)
	cmd.Env = append(cmd.Env, startLocked(t)...)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	t.Logf("%s", out)
}

// TestScreenshotsAreSmall: they are part of every clone.
func TestScreenshotsAreSmall(t *testing.T) {
	all := files(t, screenshots)
	require.NotEmpty(t, all)
	for name, body := range all {
		require.Less(t, len(body), maxScreenshot, name)
	}
}
