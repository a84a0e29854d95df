// Command versitygw serves S3 on a loopback address from files in a directory,
// for tests. It is a module of its own, so that what versitygw depends on is no
// dependency of Pyrocumulus.
package main

import (
	"context"
	"flag"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/embedgw"
)

func main() {
	address := flag.String("address", "127.0.0.1:7070", "where to listen")
	dir := flag.String("dir", "", "the directory that holds the buckets")
	flag.Parse()
	if err := run(*address, *dir); err != nil {
		log.Fatal(err)
	}
}

func run(address, dir string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	buckets, sidecar := filepath.Join(dir, "buckets"), filepath.Join(dir, "metadata")
	for _, d := range []string{buckets, sidecar} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return err
		}
	}
	// Not every file system holds extended attributes.
	metadata, err := meta.NewSideCar(sidecar)
	if err != nil {
		return err
	}
	be, err := posix.New(buckets, metadata, posix.PosixOpts{})
	if err != nil {
		return err
	}
	return embedgw.RunVersityGW(ctx, be, &embedgw.Config{
		RootUserAccess: "test", RootUserSecret: "test", Region: "us-east-1", Ports: []string{address},
		MaxConnections: 1000, MaxRequests: 1000, MultipartMaxParts: 10_000, Quiet: true, KeepAlive: true,
	})
}
