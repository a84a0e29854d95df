package s3store

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
)

// List is Lister's.
func (s *Store) List(ctx context.Context, prefix, after string, limit int) ([]objstore.Info, error) {
	if limit < 1 || limit > objstore.MaxListKeys {
		return nil, fmt.Errorf("list objects %q: limit %d, want 1 to %d", prefix, limit, objstore.MaxListKeys)
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("list objects %q: %w", prefix, context.Cause(ctx))
	}
	if len(prefix) > objstore.MaxKeyBytes {
		return nil, nil // no key is that long, and S3 does not say what it makes of such a prefix
	}
	infos, err := s.list(ctx, prefix, after, limit)
	if err != nil {
		return nil, fmt.Errorf("list objects %q: %w", prefix, translate(ctx, err))
	}
	return infos, nil
}

// list asks for pages until it has what is wanted: S3 may end a page early.
// What S3 cannot be asked for, as it is not UTF-8, is left out here.
func (s *Store) list(ctx context.Context, prefix, after string, limit int) ([]objstore.Info, error) {
	in := &s3.ListObjectsV2Input{
		Bucket:       &s.bucket,
		EncodingType: types.EncodingTypeUrl, // XML cannot hold every character that a key can
		MaxKeys:      aws.Int32(int32(limit)),
	}
	if p := validPart(prefix); p != "" {
		in.Prefix = &p
	}
	if a := validPart(after); a != "" {
		in.StartAfter = &a
	}
	var infos []objstore.Info
	for {
		out, err := s.api.ListObjectsV2(ctx, in)
		if err != nil {
			return nil, err
		}
		for i := range out.Contents {
			info, err := infoOf(&out.Contents[i], out.EncodingType)
			if err != nil {
				return nil, err
			}
			if !strings.HasPrefix(info.Key, prefix) || info.Key <= after {
				continue
			}
			if infos = append(infos, info); len(infos) == limit {
				return infos, nil
			}
		}
		if !aws.ToBool(out.IsTruncated) || out.NextContinuationToken == nil {
			return infos, nil
		}
		in.ContinuationToken = out.NextContinuationToken
	}
}

func infoOf(o *types.Object, encoding types.EncodingType) (objstore.Info, error) {
	key := aws.ToString(o.Key)
	if encoding == types.EncodingTypeUrl {
		plain, err := url.QueryUnescape(key)
		if err != nil {
			return objstore.Info{}, fmt.Errorf("read key %q: %w", key, err)
		}
		key = plain
	}
	return objstore.Info{
		Key:               key,
		Size:              aws.ToInt64(o.Size),
		ModifiedUnixMilli: aws.ToTime(o.LastModified).UnixMilli(),
	}, nil
}

// validPart is s up to where it stops being UTF-8.
func validPart(s string) string {
	for i, r := range s {
		if r == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(s[i:]); n <= 1 {
				return s[:i]
			}
		}
	}
	return s
}
