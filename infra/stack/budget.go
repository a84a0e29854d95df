package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsbudgets"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/jsii-runtime-go"
)

// addBudget warns when a month costs, or will cost, more than was said. It
// counts what has the tag application, which must be activated for costs once
// in the account.
func (s *Stack) addBudget(topic awssns.Topic) {
	if s.config.Alarms.BudgetUSD == 0 {
		return
	}
	var notifications []any
	if topic != nil {
		for _, kind := range []string{"ACTUAL", "FORECASTED"} {
			notifications = append(notifications, &awsbudgets.CfnBudget_NotificationWithSubscribersProperty{
				Notification: &awsbudgets.CfnBudget_NotificationProperty{
					NotificationType: jsii.String(kind), ComparisonOperator: jsii.String("GREATER_THAN"), Threshold: jsii.Number(100),
				},
				Subscribers: &[]any{&awsbudgets.CfnBudget_SubscriberProperty{SubscriptionType: jsii.String("SNS"), Address: topic.TopicArn()}},
			})
		}
	}
	awsbudgets.NewCfnBudget(s.Stack, jsii.String("Budget"), &awsbudgets.CfnBudgetProps{
		Budget: &awsbudgets.CfnBudget_BudgetDataProperty{
			BudgetName: s.named("budget"), BudgetType: jsii.String("COST"), TimeUnit: jsii.String("MONTHLY"),
			BudgetLimit: &awsbudgets.CfnBudget_SpendProperty{Amount: jsii.Number(float64(s.config.Alarms.BudgetUSD)), Unit: jsii.String("USD")},
			CostFilters: map[string]any{"TagKeyValue": []string{"user:application$pyrocumulus"}},
		},
		NotificationsWithSubscribers: notifications,
	})
}
