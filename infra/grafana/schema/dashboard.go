// Package schema reads what Grafana reads, dashboards and files of provisioning,
// and refuses what Grafana would pass over in silence: fields that it does not
// have. Tests look at such files through it.
package schema

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/grafana/grafana-foundation-sdk/go/cloudwatch"
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/grafanapyroscope"
	"github.com/grafana/grafana-foundation-sdk/go/logs"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/table"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

// Classic is a dashboard in the form that every Grafana in use imports and
// provisions. The SDK would rather have the next one, which only 13 reads.
//
//lint:ignore SA1019 see above
type Classic = dashboard.Dashboard

// ClassicBuilder builds one.
//
//lint:ignore SA1019 see [Classic]
type ClassicBuilder = dashboard.DashboardBuilder

// NewClassic begins one.
func NewClassic(title string) *ClassicBuilder {
	//lint:ignore SA1019 see [Classic]
	return dashboard.NewDashboardBuilder(title)
}

// Pyroscope is the type of data sources that ask for profiles.
const Pyroscope = "grafana-pyroscope-datasource"

// Dashboard reads the JSON of a dashboard and refuses what Grafana's schema does
// not have: fields of dashboards, of panels and their options, and of queries to
// CloudWatch, Pyroscope and Prometheus.
func Dashboard(raw []byte) (*Classic, error) {
	runtime := cog.NewRuntime()
	runtime.RegisterPanelcfgVariant(timeseries.VariantConfig())
	runtime.RegisterPanelcfgVariant(table.VariantConfig())
	runtime.RegisterPanelcfgVariant(logs.VariantConfig())
	profiles := grafanapyroscope.VariantConfig()
	profiles.Identifier = Pyroscope // the SDK has it under the name of its package, which is no type of a data source
	runtime.RegisterDataqueryVariant(profiles)
	runtime.RegisterDataqueryVariant(cloudwatch.VariantConfig())
	runtime.RegisterDataqueryVariant(prometheus.VariantConfig())
	// The SDK returns an empty list of errors as an error, and takes it for one
	// itself, so that what it has decoded strictly lacks the panels.
	var found cog.BuildErrors
	if err := new(Classic).UnmarshalJSONStrict(raw); err != nil && (!errors.As(err, &found) || len(found) > 0) {
		return nil, fmt.Errorf("decode dashboard: %w", err)
	}
	d := new(Classic)
	if err := json.Unmarshal(raw, d); err != nil {
		return nil, fmt.Errorf("decode dashboard: %w", err)
	}
	if err := d.Validate(); err != nil {
		return nil, fmt.Errorf("validate dashboard: %w", err)
	}
	return d, nil
}
