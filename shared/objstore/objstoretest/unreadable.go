package objstoretest

import (
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// unreadable returns n bytes that take no memory and end the process if they
// are read, or fail the system call that reads them with EFAULT: an adapter must
// look at the length first.
func unreadable(t *testing.T, n int) []byte {
	t.Helper()
	b, err := syscall.Mmap(-1, 0, n, syscall.PROT_NONE, syscall.MAP_ANON|syscall.MAP_PRIVATE|syscall.MAP_NORESERVE)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, syscall.Munmap(b)) })
	return b
}
