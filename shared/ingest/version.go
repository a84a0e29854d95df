package ingest

import (
	"encoding/json"

	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// version is where the code of a profile is to be found. It travels, as JSON, in the
// build ids of mappings, from which source-code views take it. The names
// repository, git_ref and root_path are those in Profiles Drilldown; that it reads
// them from here was not tried.
type version struct {
	Repository string `json:"repository,omitempty"`
	GitRef     string `json:"git_ref,omitempty"`
	RootPath   string `json:"root_path,omitempty"`
	Version    string `json:"version,omitempty"`
	BuildID    string `json:"build_id,omitempty"` // the one that the client sent
}

// setVersion puts what labels of the series say about the code into the build ids
// of a profile.
func setVersion(p *pprof.Profile, ls profile.Labels) {
	v := version{
		Repository: ls.Get("service_repository"), GitRef: ls.Get("service_git_ref"),
		RootPath: ls.Get("service_root_path"), Version: ls.Get("service_version"),
	}
	if v == (version{}) {
		return
	}
	p.SetBuildIDs(func(buildID string) string {
		of := v
		of.BuildID = buildID
		text, _ := json.Marshal(of) // of strings, which cannot fail
		return string(text)
	})
}
