package recording

import "strings"

// stable returns the name of a class, or of a library, without what differs from
// one run of a program to the next, as in Pyroscope; otherwise the same code
// would have another name after each start:
//
//	jdk/internal/reflect/GeneratedMethodAccessor31        …GeneratedMethodAccessor_
//	Shop$$Lambda$669.0x0000000800fd7318                   Shop$$Lambda_
//	Shop$$EnhancerBySpringCGLIB$$1a2b3c                   Shop$$EnhancerBySpringCGLIB$$_
//	libzstd-jni-1.5.1-16931311898282279136.so             libzstd-jni-_.so
//	libamazonCorrettoCryptoProvider109b39cf33c563eb.so    libamazonCorrettoCryptoProvider_.so
//	libasyncProfiler-linux-x64-17b9a1d8….so               libasyncProfiler-_.so
//
// Beyond Pyroscope it knows lambdas as the recorder of the JDK names them
// (Shop$$Lambda$79+0x00007ff5c8007a08/1763344271) and libasyncProfiler of every
// version.
func stable(name string) string {
	if rest, ok := strings.CutPrefix(name, accessor); ok && digits(rest) {
		return accessor + "_"
	}
	if i := strings.LastIndex(name, lambda); i > 0 && lambdaSuffix(name[i+len(lambda):]) {
		return name[:i+len(lambda)] + "_"
	}
	if i := strings.LastIndex(name, enhancer); i > 0 {
		return name[:i+len(enhancer)] + "_"
	}
	return stableLibrary(name)
}

const (
	accessor = "jdk/internal/reflect/GeneratedMethodAccessor"
	lambda   = "$$Lambda"
	enhancer = "$$EnhancerBySpringCGLIB$$"
)

// lambdaSuffix reports whether s is what follows the name of the class that a
// lambda is in: numbers and addresses.
func lambdaSuffix(s string) bool {
	return s != "" && strings.ContainsAny(s[:1], "$./+0123456789") && strings.Trim(s, "$./+x0123456789abcdef") == ""
}

// stableLibrary is stable for the names of native libraries that Java libraries
// unpack under random names.
func stableLibrary(name string) string {
	base := strings.TrimSuffix(name, " (deleted)")
	base = strings.TrimPrefix(strings.TrimPrefix(base, "."), "/tmp/")
	base, ok := strings.CutSuffix(base, ".so")
	if !ok {
		return name
	}
	if s, ok := strings.CutPrefix(base, "libzstd-jni-"); ok {
		if version, random, ok := strings.Cut(s, "-"); ok && digits(random) && digits(strings.ReplaceAll(version, ".", "")) {
			return "libzstd-jni-_.so"
		}
	}
	const corretto = "amazonCorrettoCryptoProvider"
	if s, ok := strings.CutPrefix(strings.TrimPrefix(base, "lib"), corretto); ok {
		s = strings.TrimPrefix(s, "NativeLibraries.")
		s = strings.TrimSuffix(strings.TrimSuffix(s, "/libcrypto"), "/lib"+corretto)
		if len(s) == 16 && hexadecimal(s) {
			return "lib" + corretto + "_.so"
		}
	}
	if s, ok := strings.CutPrefix(base, "libasyncProfiler-"); ok {
		if i := strings.LastIndexByte(s, '-'); i >= 0 && len(s[i+1:]) >= 32 && hexadecimal(s[i+1:]) {
			return "libasyncProfiler-_.so"
		}
	}
	return name
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

func hexadecimal(s string) bool {
	return s != "" && strings.Trim(s, "0123456789abcdef") == ""
}
