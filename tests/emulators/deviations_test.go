package emulators

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// deviation is a test of a suite that an emulator fails, as it does not do what
// AWS documents.
type deviation struct {
	emulator string
	function string // the Test function that runs the suite
	test     string // as the suite names it
	instead  string // what the emulator does, as the rest of a sentence
	// sometimes says why the test does not fail each time. If it is empty the
	// test must fail.
	sometimes string
}

// deviations are all that are known. One that is no longer there has to go.
func deviations() []deviation {
	const versitygw, miniStack, localStack = "versitygw", "MiniStack", "LocalStack"
	const objects, messages = "TestObjectStore", "TestQueue"
	return []deviation{
		{versitygw, objects, "delete removes the object", "refuses `a/b` where there is `a`: keys are paths of files", ""},
		{versitygw, objects, "keys that differ in anything are different objects", "likewise", ""},
		{versitygw, objects, "list is in the order of the bytes of the keys", "likewise", ""},
		{versitygw, objects, "list gives what begins with prefix and is greater than after", "likewise", ""},
		{versitygw, objects, "keys that CheckKey accepts are accepted", "refuses parts of a key of more than 255 bytes: they are names of files", ""},
		{versitygw, objects, "puts and deletes side by side do not disturb each other", "removes a directory that another request is about to use", "the two requests must meet"},
		{versitygw, objects, "put of other content is ErrExists and changes nothing", "closes the connection of a PUT of some megabytes that it refuses, instead of answering it", "the client may have sent everything by then"},
		{versitygw, objects, "put of equal content succeeds", "likewise", "likewise"},

		{miniStack, messages, "limits/one body may count as 1 MiB", "takes 256 KiB at most, as SQS did until 2025", ""},
		{miniStack, messages, "limits/bodies of a Send may count as 1 MiB together", "likewise", ""},
		{miniStack, messages, "durability/a handle of before does not outlive the timeout", "takes a handle after its timeout until the message is received again", ""},
		{miniStack, messages, "handles/after the timeout a handle is no longer one of a message in flight", "likewise", ""},
		{miniStack, messages, "at least once/Extend to 0 makes a message visible at once", "likewise", ""},
		{miniStack, messages, "results/a stale handle does not take the others with it", "likewise", ""},
		{miniStack, messages, "handles/deleting again is a success", "refuses the handle of a deleted message", ""},
		{miniStack, messages, "waiting/a cancelled context ends the waiting with an error", "goes on waiting for a caller that has gone, and gives it the next message", ""},

		{localStack, objects, "list gives what begins with prefix and is greater than after", "compares percent-encoded keys with what a list begins after", ""},
		{localStack, messages, "durability/a handle of before does not outlive the timeout", "refuses to delete with a handle after its timeout, but takes it to extend, and does nothing", ""},
		{localStack, messages, "handles/after the timeout a handle is no longer one of a message in flight", "likewise", ""},
		{localStack, messages, "at least once/Extend to 0 makes a message visible at once", "likewise", ""},
		{localStack, messages, "handles/an old handle does nothing to who received the message next", "takes the handle of an earlier receive for that of the latest", ""},
		{localStack, messages, "results/a stale handle does not take the others with it", "likewise", ""},
		{localStack, messages, "order/several that become visible again are in order, those between deleted", "frees a group when one of its messages becomes visible, while others are in flight", ""},
		{localStack, messages, "waiting/a cancelled context ends the waiting with an error", "goes on waiting for a caller that has gone, and gives it the next message", ""},
	}
}

func deviationsOf(emulator, function string) (list []deviation) {
	for _, d := range deviations() {
		if d.emulator == emulator && d.function == function {
			list = append(list, d)
		}
	}
	return list
}

var update = flag.Bool("update", false, "write the table of localstack/README.md anew")

const (
	readme     = "../../localstack/README.md"
	tableBegin = "<!-- deviations: written by `make golden` from tests/emulators/deviations_test.go -->\n"
	tableEnd   = "<!-- end of deviations -->\n"
)

func TestDeviationsAreDocumented(t *testing.T) {
	text, err := os.ReadFile(readme)
	require.NoError(t, err)
	before, rest, ok := bytes.Cut(text, []byte(tableBegin))
	require.True(t, ok, "no place for the table")
	table, after, ok := bytes.Cut(rest, []byte(tableEnd))
	require.True(t, ok, "no end of the table")
	want := tableOfDeviations()
	if *update {
		require.NoError(t, os.WriteFile(readme, bytes.Join([][]byte{before, []byte(want), after}, nil), 0o644))
		return
	}
	require.Equal(t, want, tableBegin+string(table)+tableEnd, "run `make golden`")
}

func tableOfDeviations() string {
	var b bytes.Buffer
	b.WriteString(tableBegin)
	b.WriteString("\n| emulator | test | what it does instead | fails |\n|---|---|---|---|\n")
	for _, d := range deviations() {
		fails := "always"
		if d.sometimes != "" {
			fails = "sometimes: " + d.sometimes
		}
		fmt.Fprintf(&b, "| %s | `%s` | %s | %s |\n", d.emulator, d.test, d.instead, fails)
	}
	b.WriteString("\n" + tableEnd)
	return b.String()
}
