package documents

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCommandsOfADocument(t *testing.T) {
	text := "Run `make run`, or `go test\n./shared/x -update`; `make` and `shared/x` and `make a\"b`.\n" +
		"```sh\n# all of it\nmake test   # every test\n\ncurl -d '{\"a\": \" # no comment\"}' \\\n  http://x # nor this\n```\n" +
		"```go\nmake nothing\n```\n" +
		"* a list:\n  ```sh\n  make demo ARGS='-x #1'\n  ```\n" +
		"```sh\nunfinished \\\n```\nand `aws logs tail x`, `make-believe`, `curls`.\n"
	require.Equal(t, []Command{
		{"d.md", 5, "make test"},
		{"d.md", 7, `curl -d '{"a": " # no comment"}' http://x`},
		{"d.md", 15, "make demo ARGS='-x #1'"},
		{"d.md", 1, "make run"},
		{"d.md", 1, "go test ./shared/x -update"},
		{"d.md", 2, "make"},
		{"d.md", 2, `make a"b`},
		{"d.md", 20, "aws logs tail x"},
	}, commandsOf("d.md", text))
}
