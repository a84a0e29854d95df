package deploy

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/localstack/emulators"
	"github.com/pyrocumulus/pyrocumulus/localstack/stack"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/s3store"
)

// assets is the bucket that `cdk bootstrap` makes in an account.
const assets = "cdk-hnb659fds-assets-000000000000-us-east-1"

// deployed is a stack in the emulator.
type deployed struct {
	t       testing.TB
	address string // of the emulator
	lambda  *lambda.Client
	outputs map[string]string
	tokens  map[string]string // by tenant
}

// deploy builds the functions, puts them where the template expects them, and
// creates the stack.
func deploy(t testing.TB) *deployed {
	address := emulators.Endpoint(t, emulators.EnvMiniStack)
	cfg, err := emulators.Set{S3: address, SQS: address, DynamoDB: address}.Config(t.Context())
	require.NoError(t, err)
	d := &deployed{t: t, address: address, tokens: make(map[string]string), lambda: lambda.NewFromConfig(cfg, func(o *lambda.Options) { o.BaseEndpoint = &address })}
	template := load(t)
	d.upload(s3.NewFromConfig(cfg, s3store.Configure), template.code(t))
	body, err := json.Marshal(template.All)
	require.NoError(t, err)
	name := "pyrocumulus"
	d.cloudformation("CreateStack", "StackName", name, "TemplateBody", string(body), "Capabilities.member.1", "CAPABILITY_IAM")
	t.Cleanup(func() { d.cloudformation("DeleteStack", "StackName", name) })
	d.await(name)
	return d
}

// upload builds the functions for this machine and uploads their zips.
func (d *deployed) upload(client *s3.Client, keys map[string]string) {
	dir := d.t.TempDir()
	require.NoError(d.t, stack.Build(d.t.Context(), dir))
	_, err := client.CreateBucket(d.t.Context(), &s3.CreateBucketInput{Bucket: aws.String(assets)})
	require.NoError(d.t, err)
	for function, key := range keys {
		binary, err := os.ReadFile(filepath.Join(dir, function, "bootstrap"))
		require.NoError(d.t, err)
		var archive bytes.Buffer
		w := zip.NewWriter(&archive)
		header := &zip.FileHeader{Name: "bootstrap", Method: zip.Store}
		header.SetMode(0o755)
		file, err := w.CreateHeader(header)
		require.NoError(d.t, err)
		_, err = file.Write(binary)
		require.NoError(d.t, err)
		require.NoError(d.t, w.Close())
		_, err = client.PutObject(d.t.Context(), &s3.PutObjectInput{Bucket: aws.String(assets), Key: &key, Body: bytes.NewReader(archive.Bytes())})
		require.NoError(d.t, err, function)
	}
}

// described is the answer of DescribeStacks.
type described struct {
	Stack struct {
		StackStatus       string
		StackStatusReason string
		Outputs           []struct{ OutputKey, OutputValue string } `xml:"Outputs>member"`
	} `xml:"DescribeStacksResult>Stacks>member"`
}

// cloudformation calls the service as its SDK does, which is not worth linking
// for three calls.
func (d *deployed) cloudformation(action string, parameters ...string) []byte {
	d.t.Helper()
	form := url.Values{"Action": {action}, "Version": {"2010-05-15"}}
	for i := 0; i < len(parameters); i += 2 {
		form.Set(parameters[i], parameters[i+1])
	}
	request, err := http.NewRequest(http.MethodPost, d.address, strings.NewReader(form.Encode()))
	require.NoError(d.t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/cloudformation/aws4_request, SignedHeaders=host, Signature=0")
	response, err := http.DefaultClient.Do(request)
	require.NoError(d.t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(d.t, err)
	require.Equal(d.t, http.StatusOK, response.StatusCode, "%s: %s", action, body)
	return body
}

// await waits until the stack is there, and keeps its outputs.
func (d *deployed) await(name string) {
	var now described
	require.Eventually(d.t, func() bool {
		now = described{}
		require.NoError(d.t, xml.Unmarshal(d.cloudformation("DescribeStacks", "StackName", name), &now))
		return now.Stack.StackStatus != "CREATE_IN_PROGRESS"
	}, 3*time.Minute, 200*time.Millisecond)
	require.Equal(d.t, "CREATE_COMPLETE", now.Stack.StackStatus, now.Stack.StackStatusReason)
	d.outputs = make(map[string]string)
	for _, o := range now.Stack.Outputs {
		d.outputs[o.OutputKey] = o.OutputValue
	}
	require.NotEmpty(d.t, d.outputs["Endpoint"], fmt.Sprint(d.outputs))
}
