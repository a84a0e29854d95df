package deploy

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/localstack/emulators"
)

// command runs the command line as README.md tells users to, and reads its JSON.
func (d *deployed) command(answer any, args ...string) {
	cmd := exec.Command("go", append([]string{"run", "../../scripts/pyrocumulus"}, append(args, "-json")...)...)
	set := emulators.Set{S3: d.address, SQS: d.address, DynamoDB: d.address}
	cmd.Env = append(os.Environ(), set.Environment()...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	require.NoError(d.t, err, args)
	require.NoError(d.t, json.Unmarshal(out, answer), "%s", out)
}

// checkCommands wants the commands of the operator to work on what is stored.
func (d *deployed) checkCommands() {
	bucket, index, records := d.outputs["BucketName"], d.outputs["IndexTable"], d.outputs["RecordsTable"]
	var verified struct {
		Tenants, Objects int
		Problems         []any
	}
	d.command(&verified, "verify", "-deep", "-bucket", bucket, "-table", index)
	require.Equal(d.t, 3, verified.Tenants, "a, b, and the document's")
	require.Positive(d.t, verified.Objects)
	require.Empty(d.t, verified.Problems)
	var reindexed struct{ Blocks, Rows int }
	d.command(&reindexed, "reindex", "-dry-run", "-bucket", bucket, "-table", index)
	require.Positive(d.t, reindexed.Blocks)
	var blocks []struct{ Profiles int }
	d.command(&blocks, "inspect", "-all", "-tenant", "a", "-bucket", bucket, "-table", index)
	require.Len(d.t, blocks, 1)
	require.Equal(d.t, 3, blocks[0].Profiles, "two that were pushed here, and the one of the output Curl")
	var sections struct {
		Blocks []struct{ Directories []string }
	}
	d.command(&sections, "sections", "-bucket", bucket, "-tenant", "a", "-out", d.t.TempDir())
	require.FileExists(d.t, filepath.Join(sections.Blocks[0].Directories[0], "profiles.parquet"))
	var kept struct{ KeptFor string }
	d.command(&kept, "retention", "keep", "a", "30d", "-table", records)
	require.Equal(d.t, "720h0m0s", kept.KeptFor)
	var limit struct{ Value string }
	d.command(&limit, "limits", "get", "a", "max_labels", "-table", records)
	require.Equal(d.t, "30", limit.Value)
}
