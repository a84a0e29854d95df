package lambdabackend

import (
	"net/http"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

// idleConnections is how many connections are kept for the next query: as many
// as one can use at a time. With the SDK's 10, most requests of a large query
// would begin with a handshake.
const idleConnections = 64

// Configure sets the client's options for many invocations at a time.
func Configure(o *lambda.Options) {
	o.HTTPClient = awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.MaxIdleConns, t.MaxIdleConnsPerHost = 2*idleConnections, idleConnections
	})
}
