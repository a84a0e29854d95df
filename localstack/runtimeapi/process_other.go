//go:build !linux

package runtimeapi

import (
	"errors"
	"syscall"
)

func processAttributes() *syscall.SysProcAttr { return nil }

// peakMemory is known on Linux alone: elsewhere there is no limit.
func peakMemory(int) (int64, error) { return 0, errors.ErrUnsupported }
