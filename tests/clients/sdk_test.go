package clients

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestGo(t *testing.T) {
	t.Parallel()
	s := startHost(t)
	dir := t.TempDir()
	copyFiles(t, dir, "testdata/shop.go")
	write(t, filepath.Join(dir, "profiling.go"), snippet(t, "Go"))
	command(t, ".", nil, "go", "build", "-o", filepath.Join(dir, "shop"), filepath.Join(dir, "shop.go"), filepath.Join(dir, "profiling.go"))
	running := start(t, dir, s.environment(), filepath.Join(dir, "shop"))
	s.expect(running, t, want{function: "main.spin", types: []string{
		"memory:alloc_objects:count:space:bytes", "memory:alloc_space:bytes:space:bytes",
		"memory:inuse_objects:count:space:bytes", "memory:inuse_space:bytes:space:bytes",
		cpuType, "process_cpu:samples:count:cpu:nanoseconds",
	}})
}

// The URL is also taken with a slash at its end, of which the SDK makes two.
func TestNode(t *testing.T) {
	t.Parallel()
	installNode(t)
	s := startHost(t)
	s.url += "/"
	// Packages are looked for beside the program.
	dir, err := os.MkdirTemp("node/node_modules", "shop-")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	copyFiles(t, dir, "node/shop.mjs")
	write(t, filepath.Join(dir, "profiling.mjs"), snippet(t, "Node.js"))
	running := start(t, dir, s.environment(), "node", "shop.mjs")
	s.expect(running, t, want{function: ":spin:", in: "wall:wall:nanoseconds:wall:nanoseconds", types: []string{
		"memory:inuse_objects:count:inuse_space:bytes", "memory:inuse_space:bytes:inuse_space:bytes",
		"wall:samples:count:wall:nanoseconds", "wall:wall:nanoseconds:wall:nanoseconds",
	}})
}

// installNode gets the SDK for Node.js, if the lock file has changed.
func installNode(t *testing.T) {
	t.Helper()
	lock, err := os.ReadFile("node/package-lock.json")
	require.NoError(t, err)
	const done = "node/node_modules/.installed"
	if have, err := os.ReadFile(done); err == nil && string(have) == string(lock) {
		return
	}
	command(t, "node", nil, "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
	require.NoError(t, os.WriteFile(done, lock, 0o644))
}

func TestJava(t *testing.T) {
	needs(t, "java", "javac", "jar", "mvn", "sh")
	t.Parallel()
	agent := installed(t, "java", "java/pom.xml", func(dir string) {
		command(t, ".", nil, "mvn", "--quiet", "--batch-mode", "--file", "java/pom.xml",
			"dependency:copy-dependencies", "-Dmdep.stripVersion", "-DoutputDirectory="+dir)
	})
	s := startHost(t)
	dir := t.TempDir()
	command(t, ".", nil, "javac", "-d", dir, "java/Shop.java")
	command(t, dir, nil, "sh", "-c", "jar --create --file shop.jar --main-class Shop *.class")
	copyFiles(t, dir, filepath.Join(agent, "agent.jar"))
	require.NoError(t, os.Rename(filepath.Join(dir, "agent.jar"), filepath.Join(dir, "pyroscope.jar")))
	running := start(t, dir, s.environment(), "sh", "-c", snippet(t, "Java"))
	s.expect(running, t, want{function: "Shop.spin", types: []string{cpuType}})
}

func TestPython(t *testing.T) {
	needs(t, "python3")
	t.Parallel()
	sdk := installed(t, "python", "python/requirements.txt", func(dir string) {
		command(t, ".", nil, "python3", "-m", "venv", dir)
		command(t, ".", nil, filepath.Join(dir, "bin", "python"), "-m", "pip", "install",
			"--quiet", "--disable-pip-version-check", "--requirement", "python/requirements.txt")
	})
	s := startHost(t)
	dir := t.TempDir()
	copyFiles(t, dir, "python/shop.py")
	write(t, filepath.Join(dir, "profiling.py"), snippet(t, "Python"))
	running := start(t, dir, s.environment(), filepath.Join(sdk, "bin", "python"), "shop.py")
	s.expect(running, t, want{types: []string{cpuType}})
}

func TestRust(t *testing.T) {
	needs(t, "cargo", "cc")
	t.Parallel()
	const place = "    // The test puts the snippet of the documentation here.\n"
	program, err := os.ReadFile("rust/src/main.rs")
	require.NoError(t, err)
	require.Contains(t, string(program), place)
	dir := t.TempDir()
	copyFiles(t, dir, "rust/Cargo.toml", "rust/Cargo.lock")
	write(t, filepath.Join(dir, "src", "main.rs"), strings.Replace(string(program), place, snippet(t, "Rust"), 1))
	built := cached(t, "rust", "rust/Cargo.lock")
	command(t, dir, []string{"CARGO_TARGET_DIR=" + built}, "cargo", "build", "--quiet", "--locked")
	s := startHost(t)
	running := start(t, dir, s.environment(), filepath.Join(built, "debug", "shop"))
	s.expect(running, t, want{function: "shop::spin", types: []string{cpuType}})
}
