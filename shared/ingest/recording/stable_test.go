package recording

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestStable(t *testing.T) {
	for name, want := range map[string]string{
		"jdk/internal/reflect/GeneratedMethodAccessor31":           "jdk/internal/reflect/GeneratedMethodAccessor_",
		"jdk/internal/reflect/GeneratedMethodAccessorX":            "",
		"my/jdk/internal/reflect/GeneratedMethodAccessor":          "",
		"Shop$$Lambda$669.0x0000000800fd7318":                      "Shop$$Lambda_",
		"Shop$$Lambda$669/0x0000000800fd7318":                      "Shop$$Lambda_",
		"Shop$$Lambda.0x00007ffa600c4da0":                          "Shop$$Lambda_",
		"Shop$$Lambda$79+0x00007ff5c8007a08/1763344271":            "Shop$$Lambda_",
		"Shop$$Lambda$14":                                          "Shop$$Lambda_",
		"Shop$$Lambda14":                                           "Shop$$Lambda_",
		"Shop$$Lambda":                                             "",
		"Shop$$Lambdas":                                            "",
		"Shop$$Lambda$Inner":                                       "",
		"Shop$$EnhancerBySpringCGLIB$$1a2b3c":                      "Shop$$EnhancerBySpringCGLIB$$_",
		"libzstd-jni-1.5.1-16931311898282279136.so":                "libzstd-jni-_.so",
		"./tmp/libzstd-jni-1.5.1-169313118982.so (deleted)":        "libzstd-jni-_.so",
		"libzstd-jni-1.5.1.so":                                     "",
		"./tmp/libamazonCorrettoCryptoProvider109b39cf33c563eb.so": "libamazonCorrettoCryptoProvider_.so",
		"./tmp/amazonCorrettoCryptoProviderNativeLibraries.7382c2f79097f415/libcrypto.so (deleted)": "libamazonCorrettoCryptoProvider_.so",
		"libamazonCorrettoCryptoProvider.so":                                                         "",
		"libasyncProfiler-linux-x64-94af16d95b27e7e3346a51e8d43e744de92a62a3.so":                     "libasyncProfiler-_.so",
		"/tmp/libasyncProfiler-linux-musl-x64-94af16d95b27e7e3346a51e8d43e744de92a62a3.so (deleted)": "libasyncProfiler-_.so",
		"libasyncProfiler.so": "",
		"libjvm.so":           "",
		"java/lang/Thread":    "",
		"":                    "",
	} {
		if want == "" {
			want = name
		}
		require.Equal(t, want, stable(name))
	}
}
