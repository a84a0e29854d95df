package show

import "fmt"

func share(v, total int64) float64 { return 100 * float64(v) / float64(max(1, total)) }

// quantity writes a value with a unit that fits its size.
func quantity(v int64, unit string) string {
	type scale struct {
		size float64
		name string
	}
	scales := []scale{{1e9, " G"}, {1e6, " M"}, {1e3, " k"}, {1, ""}}
	switch unit {
	case "nanoseconds":
		scales = []scale{{60e9, " min"}, {1e9, " s"}, {1e6, " ms"}, {1e3, " µs"}, {1, " ns"}}
	case "bytes":
		scales = []scale{{1 << 30, " GiB"}, {1 << 20, " MiB"}, {1 << 10, " KiB"}, {1, " B"}}
	}
	for _, s := range scales {
		if f := float64(v); f >= s.size || f <= -s.size || s.size == 1 {
			return fmt.Sprintf("%.4g%s", f/s.size, s.name)
		}
	}
	return fmt.Sprint(v)
}
