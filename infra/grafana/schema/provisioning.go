package schema

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"go.yaml.in/yaml/v3"
)

// Datasources is a file of provisioning/datasources.
type Datasources struct {
	APIVersion  int `yaml:"apiVersion"`
	Datasources []Datasource
}

// Datasource is one of the file, in the fields that our files use. Settings of
// its type are in the one of the last fields that is of it.
type Datasource struct {
	Name           string
	UID            string
	Type           string
	URL            string
	IsDefault      bool              `yaml:"isDefault"`
	BasicAuth      bool              `yaml:"basicAuth"`
	BasicAuthUser  string            `yaml:"basicAuthUser"`
	SecureJSONData map[string]string `yaml:"secureJsonData"`
	JSONData       yaml.Node         `yaml:"jsonData"`
	Correlations   []Correlation

	Profiles   *ProfileSettings    `yaml:"-"`
	Tempo      *TempoSettings      `yaml:"-"`
	Prometheus *PrometheusSettings `yaml:"-"`
	CloudWatch *CloudWatchSettings `yaml:"-"`
}

// ProfileSettings are of the type [Pyroscope].
type ProfileSettings struct {
	MinStep     string   `yaml:"minStep"`     // the shortest step of a timeline
	KeepCookies []string `yaml:"keepCookies"` // that are passed on
	Timeout     int      // of a request, in seconds
}

// TempoSettings are of traces.
type TempoSettings struct {
	TracesToProfiles struct {
		DatasourceUID string `yaml:"datasourceUid"`
		ProfileTypeID string `yaml:"profileTypeId"`
		Tags          []struct{ Key, Value string }
		CustomQuery   bool `yaml:"customQuery"`
		Query         string
	} `yaml:"tracesToProfiles"`
}

// PrometheusSettings are of metrics.
type PrometheusSettings struct {
	HTTPMethod                  string `yaml:"httpMethod"`
	TimeInterval                string `yaml:"timeInterval"`
	ExemplarTraceIDDestinations []struct {
		Name          string
		DatasourceUID string `yaml:"datasourceUid"`
	} `yaml:"exemplarTraceIdDestinations"`
}

// CloudWatchSettings are of CloudWatch.
type CloudWatchSettings struct {
	AuthType                string `yaml:"authType"`
	DefaultRegion           string `yaml:"defaultRegion"`
	CustomMetricsNamespaces string `yaml:"customMetricsNamespaces"`
	AssumeRoleARN           string `yaml:"assumeRoleArn"`
}

// Correlation is a link of results in Explore. Grafana wants all of the texts.
type Correlation struct {
	TargetUID   string `yaml:"targetUID"`
	Label       string
	Description string
	Type        string
	Config      struct {
		Field  string
		Target map[string]any
	}
}

// Providers is a file of provisioning/dashboards.
type Providers struct {
	APIVersion int `yaml:"apiVersion"`
	Providers  []struct {
		Name                  string
		OrgID                 int `yaml:"orgId"`
		Folder                string
		Type                  string
		DisableDeletion       bool `yaml:"disableDeletion"`
		AllowUIUpdates        bool `yaml:"allowUiUpdates"`
		UpdateIntervalSeconds int  `yaml:"updateIntervalSeconds"`
		Options               struct{ Path string }
	}
}

// ReadDatasources reads a file of provisioning/datasources.
func ReadDatasources(file string) (*Datasources, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read data sources: %w", err)
	}
	all := new(Datasources)
	if err := strict(text, all); err != nil {
		return nil, fmt.Errorf("decode data sources of %s: %w", file, err)
	}
	for i := range all.Datasources {
		if err := all.Datasources[i].settings(); err != nil {
			return nil, fmt.Errorf("decode jsonData of %s in %s: %w", all.Datasources[i].Name, file, err)
		}
	}
	return all, nil
}

// settings decodes those of the type.
func (d *Datasource) settings() error {
	var of any
	switch d.Type {
	case Pyroscope:
		d.Profiles = new(ProfileSettings)
		of = d.Profiles
	case "tempo":
		d.Tempo = new(TempoSettings)
		of = d.Tempo
	case "prometheus":
		d.Prometheus = new(PrometheusSettings)
		of = d.Prometheus
	case "cloudwatch":
		d.CloudWatch = new(CloudWatchSettings)
		of = d.CloudWatch
	default:
		return fmt.Errorf("type %q: want %s, tempo, prometheus or cloudwatch", d.Type, Pyroscope)
	}
	if d.JSONData.IsZero() {
		return nil
	}
	text, err := yaml.Marshal(&d.JSONData)
	if err != nil {
		return err
	}
	return strict(text, of)
}

// ReadProviders reads a file of provisioning/dashboards.
func ReadProviders(file string) (*Providers, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read providers of dashboards: %w", err)
	}
	all := new(Providers)
	if err := strict(text, all); err != nil {
		return nil, fmt.Errorf("decode providers of dashboards of %s: %w", file, err)
	}
	return all, nil
}

func strict(text []byte, into any) error {
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(into); err != nil {
		return err
	}
	if err := d.Decode(new(any)); !errors.Is(err, io.EOF) {
		return errors.New("a second document: want one")
	}
	return nil
}
