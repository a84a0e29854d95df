package grafana

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/pyrocumulus/pyrocumulus/infra/grafana/schema"
)

// Encode is the JSON of a dashboard, as it is imported and provisioned.
func Encode(b *schema.ClassicBuilder) ([]byte, error) {
	built, err := b.Build()
	if err != nil {
		return nil, fmt.Errorf("build dashboard: %w", err)
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(built); err != nil {
		return nil, fmt.Errorf("encode dashboard: %w", err)
	}
	return out.Bytes(), nil
}
