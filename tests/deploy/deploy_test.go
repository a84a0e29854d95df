package deploy

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/pyrocumulus/pyrocumulus/infra/deployment"
	"github.com/pyrocumulus/pyrocumulus/localstack/emulators"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/s3store"
)

// story is a user who follows infra/README.md.
type story struct {
	*deployed
	*shell
	t        *testing.T
	document *document
	settings string // of the stack, as the document suggests them
}

// TestDocuments runs the commands of the documents in a fresh clone.
func TestDocuments(t *testing.T) {
	address := emulators.Endpoint(t, emulators.EnvMiniStack)
	c := newClone(t)
	t.Run(infraReadme, func(t *testing.T) {
		t.Parallel()
		followInfra(t, c, address)
	})
	t.Run(localstackReadme, func(t *testing.T) {
		t.Parallel()
		followLocalstack(t, c)
	})
}

// followInfra runs the commands of infra/README.md one after the other, as a new
// user does. Between them it looks at what came into being.
func followInfra(t *testing.T, c clone, address string) {
	s := &story{t: t, deployed: newDeployed(t, address), shell: c.shell(t, address, everything(address)), document: read(t, infraReadme)}
	for _, chapter := range []func(){s.makeStack, s.pushAndAsk, s.profilesOfClients, s.smallThings, s.changeSettings, s.recover, s.removeAll} {
		begun := time.Now()
		chapter()
		t.Log("took", time.Since(begun).Round(time.Second))
	}
	require.Empty(t, s.document.left(), "commands that nothing ran")
}

// makeStack runs bootstrap and deploy.
func (s *story) makeStack() {
	steps := s.document.section(s.t, fromNothing, claims()[infraReadme][fromNothing])
	s.run(steps[0], nil)
	printed := s.confirm(steps[1], nil, "")
	s.outputs = outputsOf(s.t, printed)
	require.Len(s.t, s.functions(), len(deployment.Default().Functions()))
	s.settings = inArgs.FindStringSubmatch(steps[1].text)[1] // which its comment suggests
	require.Contains(s.t, s.settings, "size=medium")
}

var inArgs = regexp.MustCompile(`ARGS='([^']*)'`)

// pushAndAsk makes a token, pushes a profile and finds it.
func (s *story) pushAndAsk() {
	profile, err := os.ReadFile("../fixtures/cpu-gofmt.pb.gz")
	require.NoError(s.t, err)
	require.NoError(s.t, os.WriteFile(filepath.Join(s.dir, "cpu.pprof"), profile, 0o644))
	steps := s.document.section(s.t, fromNothing, claims()[infraReadme][fromNothing])
	s.outputs["token"] = aToken.FindString(s.run(steps[2], s.outputs))
	require.Empty(s.t, s.run(steps[3], s.outputs), "an empty answer is success")
	s.outputsAreOfUse()
	s.push("a", 5)
	s.push("b", 7)
	s.runUntil(steps[4], s.outputs, `"process_cpu"`, "the schedule starts the drainer each minute")
	logs := s.run(steps[5], nil)
	// MiniStack keeps the lines that Lambda writes, and not those of functions.
	require.Contains(s.t, logs, "RequestId", "a line for each request")
}

// outputsAreOfUse pastes the outputs where they belong.
func (s *story) outputsAreOfUse() {
	for _, tenant := range []string{"a", "b", "c"} {
		out, err := s.script(strings.ReplaceAll(s.outputs["Token"], "TENANT", tenant), false)
		require.NoError(s.t, err, out)
		s.tokens[tenant] = aToken.FindString(out)
		require.NotEmpty(s.t, s.tokens[tenant], out)
	}
	ours := strings.NewReplacer("TENANT", "a", "TOKEN", s.tokens["a"])
	out, err := s.script(ours.Replace(s.outputs["Curl"]), false)
	require.NoError(s.t, err, out)
	require.Empty(s.t, out)

	var provisioned struct {
		APIVersion  int `yaml:"apiVersion"`
		Datasources []struct {
			Type, URL, BasicAuthUser string
			BasicAuth                bool              `yaml:"basicAuth"`
			SecureJSONData           map[string]string `yaml:"secureJsonData"`
		}
	}
	require.NoError(s.t, yaml.Unmarshal([]byte(s.outputs["Grafana"]), &provisioned))
	require.Equal(s.t, 1, provisioned.APIVersion)
	require.Len(s.t, provisioned.Datasources, 1)
	source := provisioned.Datasources[0]
	require.Equal(s.t, "grafana-pyroscope-datasource", source.Type)
	require.Equal(s.t, s.outputs["Endpoint"], source.URL)
	require.True(s.t, source.BasicAuth)
	require.Equal(s.t, map[string]string{"basicAuthPassword": "TOKEN"}, source.SecureJSONData)
	require.Regexp(s.t, `(?s)^pyroscope\.write "pyrocumulus" \{\n  endpoint \{\n    url = "`+regexp.QuoteMeta(s.outputs["Endpoint"])+
		`"\n    basic_auth \{\n      username = "TENANT"\n      password = "TOKEN"\n    \}\n  \}\n\}$`, s.outputs["Alloy"])
}

// profilesOfClients has profiles of two tenants pushed to the endpoint, stored by
// the drainer that the schedule starts, merged, and asked for.
func (s *story) profilesOfClients() {
	require.Eventually(s.t, func() bool { return s.total("a") == 5 && s.total("b") == 7 }, 3*time.Minute, 3*time.Second,
		"the schedule starts the drainer each minute")
	require.Zero(s.t, s.total("c"))
	s.checkRoutes()
	s.invoke(deployment.Sweep)
	s.checkMerging()
	s.checkCommands()
}

// smallThings runs what changes nothing.
func (s *story) smallThings() {
	require.Contains(s.t, s.run(s.document.section(s.t, costs, 1)[0], nil), "Pyroscope")
	require.Regexp(s.t, `dead letters +about 0 waiting`, s.run(s.document.section(s.t, goesWrong, 1)[0], s.outputs))
}

// changeSettings pulls, looks at what other settings would change, and deploys
// them. What is stored stays, and what is pushed then arrives.
func (s *story) changeSettings() {
	b := s.document.section(s.t, upgrade, 1)[0]
	git(s.t, s.origin, "commit", "--quiet", "--allow-empty", "--message=a new version")
	printed := s.confirm(b, s.outputs, s.settings)
	require.Contains(s.t, printed, "Fast-forward")
	diff, deploy, found := strings.Cut(printed, "Number of stacks with differences: 1")
	require.True(s.t, found, printed)
	require.Contains(s.t, diff, "AlarmTopic")
	require.Contains(s.t, diff, "Profiles2")
	before := s.outputs
	s.outputs = outputsOf(s.t, deploy)
	require.NotEmpty(s.t, s.outputs["QueueURL2"])
	for _, name := range []string{"Endpoint", "BucketName", "IndexTable", "RecordsTable", "QueueURL"} {
		require.Equal(s.t, before[name], s.outputs[name], name)
	}
	s.outputs["token"] = before["token"]
	s.push("b", 8)
	require.Eventually(s.t, func() bool { return s.total("b") == 15 }, 3*time.Minute, 3*time.Second)
}

// recover loses the index and makes it again from the objects.
func (s *story) recover() {
	b := s.document.section(s.t, recovery, 1)[0]
	require.Regexp(s.t, `, [1-9]\d* rows, .*; 0 problems`, s.run(b, s.outputs))
	s.loseIndex()
	require.Zero(s.t, s.total("b"))
	require.Regexp(s.t, `, [1-9]\d* rows, .*; 0 problems`, s.run(b, s.outputs))
	require.EqualValues(s.t, 15, s.total("b"))
}

// loseIndex deletes all rows.
func (s *story) loseIndex() {
	db, table := dynamodb.NewFromConfig(s.cfg), s.outputs["IndexTable"]
	out, err := db.Scan(s.t.Context(), &dynamodb.ScanInput{TableName: &table})
	require.NoError(s.t, err)
	require.NotEmpty(s.t, out.Items)
	for _, item := range out.Items {
		_, err := db.DeleteItem(s.t.Context(), &dynamodb.DeleteItemInput{TableName: &table, Key: map[string]types.AttributeValue{"pk": item["pk"], "sk": item["sk"]}})
		require.NoError(s.t, err)
	}
}

// removeAll deletes the stack, which leaves what is stored, and then another one
// that was told not to.
func (s *story) removeAll() {
	steps := s.document.section(s.t, uninstall, 2)
	s.confirm(steps[0], nil, "")
	require.Empty(s.t, s.functions())
	require.Equal(s.t, 3, s.stored(), "the bucket and both tables stay")

	s.outputs = outputsOf(s.t, s.confirm(steps[1], s.outputs, s.settings))
	require.Equal(s.t, 3, s.stored())
	// What make destroy does, without building functions once more.
	_, err := s.script("aws cloudformation delete-stack --stack-name "+deployment.Default().Name, false)
	require.NoError(s.t, err)
	require.Eventually(s.t, func() bool { return s.stored() == 0 }, time.Minute, time.Second, "nothing stays")
}

// stored is how many of the bucket and both tables there are.
func (s *story) stored() (n int) {
	if _, err := s3.NewFromConfig(s.cfg, s3store.Configure).HeadBucket(s.t.Context(), &s3.HeadBucketInput{Bucket: aws.String(s.outputs["BucketName"])}); err == nil {
		n++
	}
	for _, table := range []string{"IndexTable", "RecordsTable"} {
		if _, err := dynamodb.NewFromConfig(s.cfg).DescribeTable(s.t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String(s.outputs[table])}); err == nil {
			n++
		}
	}
	return n
}
