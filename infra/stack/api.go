package stack

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2integrations"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/jsii-runtime-go"

	"github.com/pyrocumulus/pyrocumulus/infra/deployment"
	"github.com/pyrocumulus/pyrocumulus/shared/assembly"
)

// api is the HTTP API in front of everything.
type api struct {
	http        awsapigatewayv2.HttpApi
	functionURL awslambda.FunctionUrl // of ingest; nil if there is none
}

// newAPI makes the API. No authorizer stands in front of the functions: they
// check tokens themselves (ARCHITECTURE.md says why), as behind the function
// URL, which could have none.
func newAPI(s *Stack) *api {
	a := &api{http: awsapigatewayv2.NewHttpApi(s.Stack, jsii.String("Api"), &awsapigatewayv2.HttpApiProps{
		ApiName:            &s.config.Name,
		Description:        jsii.String("Pyrocumulus: pushes and queries of profiles"),
		CreateDefaultStage: jsii.Bool(false),
	})}
	queries := awsapigatewayv2integrations.NewHttpLambdaIntegration(jsii.String("Query"), s.functions[deployment.Query], nil)
	for _, key := range assembly.QueryRoutes() {
		method, path, _ := strings.Cut(key, " ")
		a.http.AddRoutes(&awsapigatewayv2.AddRoutesOptions{
			Path: &path, Methods: &[]awsapigatewayv2.HttpMethod{awsapigatewayv2.HttpMethod(method)},
			Integration: queries,
		})
	}
	pushes := awsapigatewayv2integrations.NewHttpLambdaIntegration(jsii.String("Ingest"), s.functions[deployment.Ingest], nil)
	awsapigatewayv2.NewHttpRoute(s.Stack, jsii.String("DefaultRoute"), &awsapigatewayv2.HttpRouteProps{
		HttpApi: a.http, RouteKey: awsapigatewayv2.HttpRouteKey_DEFAULT(), Integration: pushes,
	})
	a.addStage(s)
	if s.config.FunctionURL {
		a.functionURL = s.functions[deployment.Ingest].AddFunctionUrl(&awslambda.FunctionUrlOptions{
			AuthType: awslambda.FunctionUrlAuthType_NONE, // the function checks the token
		})
	}
	return a
}

func (a *api) addStage(s *Stack) {
	stage := awsapigatewayv2.NewHttpStage(s.Stack, jsii.String("Stage"), &awsapigatewayv2.HttpStageProps{
		HttpApi: a.http, StageName: jsii.String("$default"), AutoDeploy: jsii.Bool(true),
		Throttle: &awsapigatewayv2.ThrottleSettings{
			RateLimit: jsii.Number(s.config.ThrottleRate), BurstLimit: jsii.Number(float64(s.config.ThrottleBurst)),
		},
		DetailedMetricsEnabled: jsii.Bool(false),
	})
	if !s.config.AccessLogs {
		return
	}
	logs := awslogs.NewLogGroup(s.Stack, jsii.String("AccessLogs"), &awslogs.LogGroupProps{
		LogGroupName:  jsii.String("/" + s.config.Name + "/access"),
		Retention:     retentionOf(s.config.LogDays),
		RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
	})
	raw := stage.Node().DefaultChild().(awsapigatewayv2.CfnStage)
	raw.SetAccessLogSettings(&awsapigatewayv2.CfnStage_AccessLogSettingsProperty{
		DestinationArn: logs.LogGroupArn(),
		Format: jsii.String(`{"requestId":"$context.requestId","time":"$context.requestTimeEpoch","ip":"$context.identity.sourceIp",` +
			`"route":"$context.routeKey","path":"$context.path","status":"$context.status",` +
			`"bytes":"$context.responseLength","latency":"$context.responseLatency","error":"$context.integrationErrorMessage"}`),
	})
}

// retentionOf is the number of days as CDK names it.
func retentionOf(days int) awslogs.RetentionDays {
	return map[int]awslogs.RetentionDays{
		1: awslogs.RetentionDays_ONE_DAY, 3: awslogs.RetentionDays_THREE_DAYS, 5: awslogs.RetentionDays_FIVE_DAYS,
		7: awslogs.RetentionDays_ONE_WEEK, 14: awslogs.RetentionDays_TWO_WEEKS, 30: awslogs.RetentionDays_ONE_MONTH,
		60: awslogs.RetentionDays_TWO_MONTHS, 90: awslogs.RetentionDays_THREE_MONTHS, 120: awslogs.RetentionDays_FOUR_MONTHS,
		150: awslogs.RetentionDays_FIVE_MONTHS, 180: awslogs.RetentionDays_SIX_MONTHS, 365: awslogs.RetentionDays_ONE_YEAR,
		400: awslogs.RetentionDays_THIRTEEN_MONTHS, 545: awslogs.RetentionDays_EIGHTEEN_MONTHS, 731: awslogs.RetentionDays_TWO_YEARS,
		1096: awslogs.RetentionDays_THREE_YEARS, 1827: awslogs.RetentionDays_FIVE_YEARS, 3653: awslogs.RetentionDays_TEN_YEARS,
	}[days]
}
