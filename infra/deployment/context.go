package deployment

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Lookup returns a value of the CDK context, nil if it is not there. Values of
// cdk.json are of any type of JSON, those of the command line (-c key=value)
// are strings.
type Lookup func(key string) any

// key is a key of the context.
type key struct {
	name, meaning string
	set           func(*Config, string) error
}

func keys() []key {
	return []key{
		{"name", "name of the stack and prefix of its resources; pyrocumulus", func(c *Config, v string) error {
			c.Name = v
			return match(validName.MatchString(v), "want 1 to 24 of a-z, 0-9 and '-', a letter first")
		}},
		{"size", "small, medium or large: memory, concurrency, queues; small", func(c *Config, v string) error {
			size, ok := Sizes()[v]
			c.Size = size
			return match(ok, "want small, medium or large")
		}},
		{"auth", "token: the token of a request tells the tenant; header: X-Scope-OrgID is trusted; token", func(c *Config, v string) error {
			c.Auth = Auth(v)
			return match(c.Auth == AuthToken || c.Auth == AuthHeader, "want token or header")
		}},
		{"retentionDays", "days that profiles are kept, 0 for ever; 31", whole(0, 3650, func(c *Config) *int { return &c.Storage.RetentionDays })},
		{"infrequentDays", "days until blocks move to S3 Standard-IA, 0 never; 0", whole(0, 3650, func(c *Config) *int { return &c.Storage.InfrequentDays })},
		{"instantDays", "days until blocks move to Glacier Instant Retrieval, 0 never; 0", whole(0, 3650, func(c *Config) *int { return &c.Storage.InstantDays })},
		{"archiveDays", "days until blocks move to Glacier Deep Archive, where queries do not reach, 0 never; 0", whole(0, 3650, func(c *Config) *int { return &c.Storage.ArchiveDays })},
		{"destroy", "whether deleting the stack deletes all profiles; false", boolean(func(c *Config) *bool { return &c.Storage.Destroy })},
		{"replicaBucketArn", "ARN of a versioned bucket in another region to replicate to; none", func(c *Config, v string) error {
			c.Storage.ReplicaBucketARN = v
			return match(strings.HasPrefix(v, "arn:aws"), "want the ARN of a bucket")
		}},
		{"functionUrl", "whether pushes may come by a URL of the ingest function, which has no price of its own; false", boolean(func(c *Config) *bool { return &c.FunctionURL })},
		{"throttleRate", "requests a second that the API takes; 2000", func(c *Config, v string) (err error) {
			c.ThrottleRate, err = strconv.ParseFloat(v, 64)
			return match(err == nil && c.ThrottleRate >= 1 && c.ThrottleRate <= 1e5, "want a number from 1 to 100000")
		}},
		{"throttleBurst", "requests at once that the API takes; 4000", whole(1, 100000, func(c *Config) *int { return &c.ThrottleBurst })},
		{"logDays", "days that logs are kept; 14", func(c *Config, v string) error {
			n, err := strconv.Atoi(v)
			c.LogDays = n
			return match(err == nil && slices.Contains(LogDays(), n), fmt.Sprintf("want one of %v", LogDays()))
		}},
		{"accessLogs", "whether the API writes a line for each request; false", boolean(func(c *Config) *bool { return &c.AccessLogs })},
		{"alarmEmail", "address to which alarms are sent; none", func(c *Config, v string) error {
			c.Alarms.Email = v
			return match(strings.Count(v, "@") == 1, "want an e-mail address")
		}},
		{"budgetUsd", "dollars a month from which on to be warned, 0 never; 0", whole(0, 10000000, func(c *Config) *int { return &c.Alarms.BudgetUSD })},
		{"settings", `variables of the functions, as {"PYROCUMULUS_LOG_LEVEL": "warn"}; none`, object("PYROCUMULUS_", func(c *Config) *map[string]string { return &c.Settings })},
		{"tags", `tags of all resources, as {"team": "platform"}; none`, object("", func(c *Config) *map[string]string { return &c.Tags })},
	}
}

// LogDays are the numbers of days that CloudWatch can keep logs.
func LogDays() []int {
	return []int{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 3653}
}

// FromContext reads the configuration. The error names everything that is
// wrong with it.
func FromContext(lookup Lookup) (Config, error) {
	c := Default()
	var problems []error
	for _, k := range keys() {
		raw := lookup(k.name)
		if raw == nil {
			continue
		}
		v, err := text(raw)
		if err == nil {
			err = k.set(&c, v)
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("context %s is %q: %w", k.name, v, err))
		}
	}
	if err := c.Storage.check(); err != nil {
		problems = append(problems, err)
	}
	if err := c.checkSettings(); err != nil {
		problems = append(problems, err)
	}
	return c, errors.Join(problems...)
}

// check reports tiers that do not follow each other.
func (s Storage) check() error {
	last, lastName := 0, ""
	for _, t := range []struct {
		name string
		days int
	}{{"infrequentDays", s.InfrequentDays}, {"instantDays", s.InstantDays}, {"archiveDays", s.ArchiveDays}, {"retentionDays", s.RetentionDays}} {
		if t.days == 0 {
			continue
		}
		if t.days <= last {
			return fmt.Errorf("context %s is %d: want more than %s (%d)", t.name, t.days, lastName, last)
		}
		last, lastName = t.days, t.name
	}
	return nil
}

// Key says what a key of the context means.
type Key struct{ Name, Meaning, Default string }

// Keys are all keys of the context.
func Keys() []Key {
	var all []Key
	for _, k := range keys() {
		meaning, def, _ := cutLast(k.meaning, "; ")
		all = append(all, Key{k.name, meaning, def})
	}
	return all
}

// Describe lists the keys of the context, one a line, for people.
func Describe() string {
	var b strings.Builder
	for _, k := range Keys() {
		fmt.Fprintf(&b, "  %-17s %s (default: %s)\n", k.Name, k.Meaning, k.Default)
	}
	return b.String()
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// text is a value as it would be on the command line.
func text(raw any) (string, error) {
	switch v := raw.(type) {
	case string:
		return strings.TrimSpace(v), nil
	case map[string]any, []any:
		b, err := json.Marshal(v)
		return string(b), err
	default:
		return fmt.Sprint(v), nil
	}
}

func match(ok bool, want string) error {
	if !ok {
		return errors.New(want)
	}
	return nil
}

func whole(least, most int, field func(*Config) *int) func(*Config, string) error {
	return func(c *Config, v string) error {
		n, err := strconv.Atoi(v)
		*field(c) = n
		return match(err == nil && n >= least && n <= most, fmt.Sprintf("want a whole number from %d to %d", least, most))
	}
}

func boolean(field func(*Config) *bool) func(*Config, string) error {
	return func(c *Config, v string) error {
		*field(c) = v == "true"
		return match(v == "true" || v == "false", "want true or false")
	}
}

func object(prefix string, field func(*Config) *map[string]string) func(*Config, string) error {
	return func(c *Config, v string) error {
		var m map[string]string
		if err := json.Unmarshal([]byte(v), &m); err != nil {
			return errors.New("want an object of strings, in JSON")
		}
		for _, name := range slices.Sorted(maps.Keys(m)) {
			if !strings.HasPrefix(name, prefix) {
				return fmt.Errorf("%q does not begin with %s", name, prefix)
			}
		}
		*field(c) = m
		return nil
	}
}
