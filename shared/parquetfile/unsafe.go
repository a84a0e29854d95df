package parquetfile

import "unsafe"

// asInt32 is the same memory as signed integers, as package bitpack wants it.
func asInt32(s []uint32) []int32 {
	return unsafe.Slice((*int32)(unsafe.Pointer(unsafe.SliceData(s))), len(s))
}
