package main

import (
	"archive/zip"
	"bytes"
	"fmt"
	"time"
)

// bootstrap is the name under which Lambda starts a binary.
const bootstrap = "bootstrap"

// zipBootstrap packs a binary. The time in the archive is fixed, the earliest
// that the format knows, so that equal binaries make equal archives.
func zipBootstrap(content []byte) ([]byte, error) {
	header := &zip.FileHeader{
		Name:     bootstrap,
		Method:   zip.Deflate,
		Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	header.SetMode(0o755) // or Lambda may not run it
	var archive bytes.Buffer
	w := zip.NewWriter(&archive)
	file, err := w.CreateHeader(header)
	if err != nil {
		return nil, fmt.Errorf("begin zip entry: %w", err)
	}
	if _, err := file.Write(content); err != nil {
		return nil, fmt.Errorf("compress binary: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("end zip file: %w", err)
	}
	return archive.Bytes(), nil
}
