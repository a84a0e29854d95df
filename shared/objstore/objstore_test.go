package objstore_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

func TestCheckKey(t *testing.T) {
	for key, want := range map[string]string{
		"a":                                 "",
		"t/blocks/01ARZ3":                   "",
		"a b~%/\u00e9/\U0001f525":           "",
		".a/..b/.../a./a..":                 "",
		"\u0080\u2028":                      "", // not what is meant by control characters
		strings.Repeat("a", 1024):           "",
		strings.Repeat("a/", 511) + "aa":    "",
		strings.Repeat("\u00e9", 512):       "",
		"":                                  "0 bytes",
		strings.Repeat("a", 1025):           "1025 bytes",
		strings.Repeat("\u00e9", 512) + "a": "1025 bytes",
		"a\xff":                             "not UTF-8",
		"\xed\xa0\x80":                      "not UTF-8",
		"a\x00b":                            `character '\x00'`,
		"a\nb":                              `character '\n'`,
		"a\x1f":                             `character '\x1f'`,
		"\x7f":                              `character '\x7f'`,
		`a\b`:                               `character '\\'`,
		"/":                                 `part ""`,
		"/a":                                `part ""`,
		"a/":                                `part ""`,
		"a//b":                              `part ""`,
		".":                                 `part "."`,
		"a/./b":                             `part "."`,
		"..":                                `part ".."`,
		"../a":                              `part ".."`,
		"a/..":                              `part ".."`,
	} {
		err := objstore.CheckKey(key)
		if want == "" {
			require.NoError(t, err, "%q", key)
			continue
		}
		require.ErrorIs(t, err, objstore.ErrKey, "%q", key)
		require.ErrorContains(t, err, want, "%q", key)
	}
}

// A tenant stands in keys as it is.
func TestTenantsAreGoodKeyParts(t *testing.T) {
	for _, tenant := range []profile.TenantID{"a", "!-_.*'()", "...", ".a", profile.TenantID(strings.Repeat("(", profile.MaxTenantIDBytes))} {
		require.NoError(t, tenant.Validate())
		require.NoError(t, objstore.CheckKey(string(tenant)+"/blocks/x"))
	}
}

func FuzzCheckKey(f *testing.F) {
	f.Add("a/b")
	f.Add("a/../b")
	f.Fuzz(func(t *testing.T, key string) {
		err := objstore.CheckKey(key)
		if err != nil {
			require.ErrorIs(t, err, objstore.ErrKey)
			require.True(t, utf8.ValidString(err.Error()), "errors are logged as they are")
			return
		}
		require.NotContains(t, "/"+key+"/", "//")
		require.NotContains(t, "/"+key+"/", "/../")
		require.NotContains(t, "/"+key+"/", "/./")
		require.NotContains(t, key, "\x00")
	})
}
