package conformance

import (
	"encoding/base64"
	"encoding/json"
	"testing"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"
)

// TestAccept has the rules of what a client says that it can take (2.5).
func TestAccept(t *testing.T) {
	const all = `{"start":@0,"end":@60000}`
	check(t, []rule{
		{says: "LabelNames hides names beyond the old form", method: "LabelNames", ask: all, want: "=label-names"},
		{says: "LabelNames with the capability", method: "LabelNames", ask: all, header: utf8, want: "=label-names-utf8"},
		{says: "LabelNames with it, as profilecli spells it", method: "LabelNames", ask: all, header: []string{"Accept", "*/*;allow-utf8-labelnames=true"}, want: "=label-names-utf8"},
		{says: "LabelNames with it among others", method: "LabelNames", ask: all, header: []string{"Accept", "application/json, */*; allow-utf8-labelnames=true"}, want: "=label-names-utf8"},
		{says: "LabelNames without it by value", method: "LabelNames", ask: all, header: []string{"Accept", "*/*; allow-utf8-labelnames=false"}, want: "=label-names"},
		{says: "Series hides them too", method: "Series", ask: `{"matchers":["{service_name=\"cart\"}"],"start":@0,"end":@60000}`, want: "=series-cart"},
		{says: "Series with the capability", method: "Series", ask: `{"matchers":["{service_name=\"cart\"}"],"start":@0,"end":@60000}`, header: utf8, want: "=series-cart-utf8"},
		{says: "LabelValues takes such a name", method: "LabelValues", ask: `{"name":"k8s.zone","start":@0,"end":@60000}`, want: `{"names":["z1"]}`},
		{says: "an Accept that cannot be read", method: "LabelNames", ask: all, header: []string{"Accept", "*/*; a=b=c;;"}, want: "!invalid_argument Accept"},
	})
}

// TestOtherServices has what is exposed beside querier.v1 (2.6).
func TestOtherServices(t *testing.T) {
	nobody := []string{"X-Scope-OrgID", ""}
	check(t, []rule{
		{says: "the version", method: "Version", ask: `{}`, want: `{"QuerierAPI":"1"}`},
		{says: "the version needs no tenant", method: "Version", ask: `{}`, header: nobody, want: `{"QuerierAPI":"1"}`},
		{says: "feature flags", method: "GetFeatureFlags", ask: `{}`, want: "=feature-flags"},
		{says: "source code is not there", method: "GithubApp", ask: `{}`, want: "!unimplemented"},
		{says: "source code of a file is not there", method: "GetFile", ask: `{}`, want: "!unimplemented"},
		{says: "commits are not there", method: "GetCommits", ask: `{}`, want: "!unimplemented"},
		{says: "an uploaded profile that is not there", method: "AdHoc.Get", ask: `{"id":"01890c24905345fda3b7ea8f5d6f04bb"}`, want: "!not_found"},
		// Pyroscope answers with 500.
		{says: "an upload that is no profile", method: "AdHoc.Upload", ask: `{"name":"x","profile":"` + base64.StdEncoding.EncodeToString([]byte("{}")) + `"}`, want: "!invalid_argument"},
		{says: "settings are of one tenant", method: "Settings.Get", ask: `{}`, header: []string{"X-Scope-OrgID", "acme|beta"}, want: "!invalid_argument"},
		{says: "uploads need a tenant", method: "AdHoc.List", ask: `{}`, header: nobody, want: "!unauthenticated no org id"},
	})
}

// TestSettings is a life of preferences.
func TestSettings(t *testing.T) {
	set := func(says, value, at, want string) rule {
		return rule{says: says, method: "Settings.Set", ask: `{"setting":{"name":"pluginConfig","value":"` + value + `","modifiedAt":"` + at + `"}}`, want: want}
	}
	story(t, []rule{
		{says: "there are none", method: "Settings.Get", ask: `{}`, want: `{}`},
		set("one is set", "1", "@5", `{"setting":{"name":"pluginConfig","value":"1","modifiedAt":"@5"}}`),
		set("it is set anew", "2", "@6", `{"setting":{"name":"pluginConfig","value":"2","modifiedAt":"@6"}}`),
		set("an older one is refused", "3", "@4", "!already_exists"),
		{says: "it is there", method: "Settings.Get", ask: `{}`, want: `{"settings":[{"name":"pluginConfig","value":"2","modifiedAt":"@6"}]}`},
		{says: "not for others", method: "Settings.Get", ask: `{}`, header: []string{"X-Scope-OrgID", "beta"}, want: `{}`},
		{says: "it is deleted", method: "Settings.Delete", ask: `{"name":"pluginConfig"}`, want: `{}`},
		{says: "what is not there is deleted", method: "Settings.Delete", ask: `{"name":"nothing"}`, want: `{}`},
		{says: "there are none any more", method: "Settings.Get", ask: `{}`, want: `{}`},
	})
}

// TestUploads is a life of profiles that are looked at without being stored.
func TestUploads(t *testing.T) {
	file := base64.StdEncoding.EncodeToString([]byte("main;serve 3\nmain 1\n"))
	story(t, []rule{
		{says: "there are none", method: "AdHoc.List", ask: `{}`, want: `{}`},
		{says: "one is uploaded, its graph is JSON as a string", method: "AdHoc.Upload", ask: `{"name":"stacks.txt","profile":"` + file + `"}`, want: `~\"flamebearer\":`},
		{says: "it is listed", method: "AdHoc.List", ask: `{}`, want: `~"name":"stacks.txt"`},
		{says: "not for others", method: "AdHoc.List", ask: `{}`, header: []string{"X-Scope-OrgID", "beta"}, want: `{}`},
	})
}

// TestUploadsAreCompared: what was uploaded can be got and compared by its id.
func TestUploadsAreCompared(t *testing.T) {
	url := newWorld(t).serve(t, multitenancy)
	call := func(method, ask string, o ...connect.ClientOption) (out map[string]any) {
		answer, err := callers()[method](t.Context(), url, rule{}.headers(), ask, o...)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal([]byte(answer), &out))
		return out
	}
	var ids []string
	for _, stacks := range []string{"main;serve 3\n", "main;serve 5\n"} {
		file := base64.StdEncoding.EncodeToString([]byte(stacks))
		ids = append(ids, call("AdHoc.Upload", `{"name":"stacks.txt","profile":"`+file+`"}`)["id"].(string))
	}
	require.Contains(t, call("AdHoc.Get", `{"id":"`+ids[1]+`"}`)["flamebearerProfile"], `"numTicks":5`)
	diff := call("AdHoc.Diff", `{"leftId":"`+ids[0]+`","rightId":"`+ids[1]+`"}`)["flamebearerProfile"]
	require.Contains(t, diff, `"leftTicks":3,"rightTicks":5`)
}

// TestTenants has the rules of whose profiles are read (3).
func TestTenants(t *testing.T) {
	as := func(tenant, want string) rule {
		return rule{says: "as " + tenant, method: "LabelValues", ask: `{"name":"pod","start":@0,"end":@60000}`, want: want, header: []string{"X-Scope-OrgID", tenant}}
	}
	merged := in("0", "60000", `"labelSelector":"{service_name=\"checkout\"}"`)
	check(t, []rule{
		as("acme", `{"names":["a","b","c"]}`),
		as("beta", `{"names":["z"]}`),
		as("nobody", `{}`),
		as("acme|beta", `{"names":["a","b","c","z"]}`),
		as("beta|acme|beta", `{"names":["a","b","c","z"]}`),
		as("acme|", `{"names":["a","b","c"]}`),
		as("acme||beta", `{"names":["a","b","c","z"]}`),
		as("nobody|beta", `{"names":["z"]}`),
		as("", "!unauthenticated no org id"),
		as("..", "!unauthenticated"),
		as("a b", "!unauthenticated"),
		as("|", "!invalid_argument"),
		{says: "several tenants are one fleet", method: "SelectMergeStacktraces", ask: merged, header: []string{"X-Scope-OrgID", "acme|beta"}, want: `~"total":"1000999"`},
		{says: "one tenant is not the other", method: "SelectMergeStacktraces", ask: merged, want: `~"total":"999"`},
		{says: "no label tells of tenants", method: "LabelNames", ask: `{"start":@0,"end":@60000}`, header: []string{"X-Scope-OrgID", "acme|beta"}, want: "=label-names-federated"},
		{says: "feature flags need a tenant", method: "GetFeatureFlags", ask: `{}`, header: []string{"X-Scope-OrgID", ""}, want: "!unauthenticated no org id"},
	})
}
