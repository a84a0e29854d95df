package flamegraph

import (
	"math/bits"
	"slices"
)

// kthLargest returns the k-th largest of the values, counted from 1, and how
// many of the values equal to it are among the k largest. It takes time
// proportional to the values whatever they are, and overwrites them. k must be
// between 1 and their number.
func kthLargest(values []uint64, k int) (kth uint64, ties int) {
	top := bits.Len64(slices.Max(values))
	for shift := (max(top, 1) - 1) / 8 * 8; ; shift -= 8 {
		var count [256]int
		for _, v := range values {
			count[byte(v>>shift)]++
		}
		digit := 255
		for k > count[digit] {
			k -= count[digit]
			digit--
		}
		same := values[:0]
		for _, v := range values {
			if byte(v>>shift) == byte(digit) {
				same = append(same, v)
			}
		}
		values = same
		if shift == 0 {
			return values[0], k
		}
	}
}
