package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/jsii-runtime-go"

	"github.com/pyrocumulus/pyrocumulus/infra/deployment"
	"github.com/pyrocumulus/pyrocumulus/infra/monitoring"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex/dynamoindex"
	"github.com/pyrocumulus/pyrocumulus/shared/records/dynamorecords"
)

// storage is everything that outlives a function: objects, the index, records.
type storage struct {
	bucket         awss3.Bucket
	index, records awsdynamodb.Table
}

func newStorage(s *Stack) *storage {
	removal := awscdk.RemovalPolicy_RETAIN
	if s.config.Storage.Destroy {
		removal = awscdk.RemovalPolicy_DESTROY
	}
	st := &storage{
		bucket: awss3.NewBucket(s.Stack, jsii.String("Blocks"), &awss3.BucketProps{
			Encryption:        awss3.BucketEncryption_S3_MANAGED,
			BlockPublicAccess: awss3.BlockPublicAccess_BLOCK_ALL(),
			EnforceSSL:        jsii.Bool(true),
			MinimumTLSVersion: jsii.Number(1.2),
			ObjectOwnership:   awss3.ObjectOwnership_BUCKET_OWNER_ENFORCED,
			Versioned:         jsii.Bool(true),
			LifecycleRules:    lifecycle(s.config.Storage),
			RemovalPolicy:     removal,
			AutoDeleteObjects: jsii.Bool(false),
		}),
		index: newTable(s, monitoring.TableIndex, dynamoindex.PartitionKey, dynamoindex.SortKey, nil, removal),
		records: newTable(s, monitoring.TableRecords, dynamorecords.PartitionKey, dynamorecords.SortKey,
			jsii.String(dynamorecords.ExpiryAttribute), removal),
	}
	st.replicate(s)
	return st
}

func newTable(s *Stack, id, partition, sort string, expiry *string, removal awscdk.RemovalPolicy) awsdynamodb.Table {
	return awsdynamodb.NewTable(s.Stack, &id, &awsdynamodb.TableProps{
		PartitionKey:        &awsdynamodb.Attribute{Name: &partition, Type: awsdynamodb.AttributeType_STRING},
		SortKey:             &awsdynamodb.Attribute{Name: &sort, Type: awsdynamodb.AttributeType_STRING},
		TimeToLiveAttribute: expiry,
		BillingMode:         awsdynamodb.BillingMode_PAY_PER_REQUEST,
		// Encrypted by DynamoDB's own key, as all tables are of which nothing is said.
		PointInTimeRecoverySpecification: &awsdynamodb.PointInTimeRecoverySpecification{
			PointInTimeRecoveryEnabled: jsii.Bool(true),
		},
		DeletionProtection: jsii.Bool(removal == awscdk.RemovalPolicy_RETAIN),
		RemovalPolicy:      removal,
	})
}

// noncurrentDays is how long what was deleted can be brought back.
const noncurrentDays = 7

// lifecycle are the rules of the bucket. None deletes what is current: keys begin
// with the tenant, so that rules, which go by the beginning of keys, cannot tell
// blocks from answers of workers, kept results and uploads, and a tenant may have
// a retention of its own. The function sweep deletes all of them by their age
// (shared/sweep), and what it deletes can be brought back for some days.
func lifecycle(c deployment.Storage) *[]*awss3.LifecycleRule {
	days := func(n int) awscdk.Duration { return awscdk.Duration_Days(jsii.Number(float64(n))) }
	rules := []*awss3.LifecycleRule{{
		Id:                                  jsii.String("what was deleted"),
		NoncurrentVersionExpiration:         days(noncurrentDays),
		ExpiredObjectDeleteMarker:           jsii.Bool(true),
		AbortIncompleteMultipartUploadAfter: days(1),
	}}
	var tiers []*awss3.Transition
	for _, t := range []struct {
		class awss3.StorageClass
		days  int
	}{
		{awss3.StorageClass_INFREQUENT_ACCESS(), c.InfrequentDays},
		{awss3.StorageClass_GLACIER_INSTANT_RETRIEVAL(), c.InstantDays},
		{awss3.StorageClass_DEEP_ARCHIVE(), c.ArchiveDays},
	} {
		if t.days > 0 {
			tiers = append(tiers, &awss3.Transition{StorageClass: t.class, TransitionAfter: days(t.days)})
		}
	}
	if len(tiers) > 0 {
		rules = append(rules, &awss3.LifecycleRule{Id: jsii.String("tiers"), Transitions: &tiers, ObjectSizeGreaterThan: jsii.Number(128 << 10)})
	}
	return &rules
}

// replicate copies new objects to a bucket elsewhere.
func (st *storage) replicate(s *Stack) {
	target := s.config.Storage.ReplicaBucketARN
	if target == "" {
		return
	}
	role := awsiam.NewRole(s.Stack, jsii.String("Replication"), &awsiam.RoleProps{
		AssumedBy: awsiam.NewServicePrincipal(jsii.String("s3.amazonaws.com"), nil),
	})
	objects := st.bucket.ArnForObjects(jsii.String("*"))
	allow(role, []*string{st.bucket.BucketArn()}, "s3:GetReplicationConfiguration", "s3:ListBucket")
	allow(role, []*string{objects}, "s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging")
	allow(role, []*string{jsii.String(target + "/*")}, "s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags")
	raw := st.bucket.Node().DefaultChild().(awss3.CfnBucket)
	raw.SetReplicationConfiguration(&awss3.CfnBucket_ReplicationConfigurationProperty{
		Role: role.RoleArn(),
		Rules: &[]*awss3.CfnBucket_ReplicationRuleProperty{{
			Id: jsii.String("all"), Status: jsii.String("Enabled"), Priority: jsii.Number(1),
			Filter:                  &awss3.CfnBucket_ReplicationRuleFilterProperty{Prefix: jsii.String("")},
			DeleteMarkerReplication: &awss3.CfnBucket_DeleteMarkerReplicationProperty{Status: jsii.String("Enabled")},
			Destination:             &awss3.CfnBucket_ReplicationDestinationProperty{Bucket: &target},
		}},
	})
}
