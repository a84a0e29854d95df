package token

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// Text is a token as its owner has it:
//
//	pyc_<tenant>_<id>_<secret>
//
// The tenant is in unpadded base64url, so that no token needs quotes in a shell;
// the id has 80 random bits and the secret 256, in base32 of small letters and
// 2-7. It tells where the token is kept, so that a check is one read by key. The
// prefix is there for scanners of leaked secrets.
//
// It prints without its secret; [Text.Reveal] is the whole.
type Text struct {
	Tenant profile.TenantID
	ID     string
	secret string
}

const (
	prefix      = "pyc_"
	idBytes     = 10
	secretBytes = 32
	letters     = "abcdefghijklmnopqrstuvwxyz234567"
)

func alphabet() *base32.Encoding {
	return base32.NewEncoding(letters).WithPadding(base32.NoPadding)
}

func random(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails
	return alphabet().EncodeToString(b)
}

func newText(tenant profile.TenantID, id string) Text {
	return Text{Tenant: tenant, ID: id, secret: random(secretBytes)}
}

// Parse takes a token apart. The error is ErrInvalid, and does not hold the
// text.
func Parse(s string) (Text, error) {
	rest, ok := strings.CutPrefix(s, prefix)
	// base64url has underscores, the two behind it have none.
	last := strings.LastIndexByte(rest, '_')
	if !ok || last < 0 {
		return Text{}, ErrInvalid
	}
	middle := strings.LastIndexByte(rest[:last], '_')
	if middle < 0 {
		return Text{}, ErrInvalid
	}
	tenant, err := base64.RawURLEncoding.Strict().DecodeString(rest[:middle])
	t := Text{Tenant: profile.TenantID(tenant), ID: rest[middle+1 : last], secret: rest[last+1:]}
	if err != nil || t.Tenant.Validate() != nil || !isRandom(t.ID, idBytes) || !isRandom(t.secret, secretBytes) ||
		t.Reveal() != s { // the decoder skips line ends here, too
		return Text{}, ErrInvalid
	}
	return t, nil
}

// ValidID reports whether a token can have the id.
func ValidID(id string) bool { return isRandom(id, idBytes) }

// isRandom does not ask the decoder, which takes more than the letters.
func isRandom(s string, n int) bool {
	return len(s) == alphabet().EncodedLen(n) && strings.Trim(s, letters) == ""
}

// Reveal is the token with its secret. It goes to its owner and nowhere else.
func (t Text) Reveal() string { return t.shown(t.secret) }

// String is the token without its secret.
func (t Text) String() string { return t.shown("...") }

// GoString is String: %#v shows no secret either.
func (t Text) GoString() string { return t.String() }

func (t Text) shown(secret string) string {
	return fmt.Sprintf("%s%s_%s_%s", prefix, base64.RawURLEncoding.EncodeToString([]byte(t.Tenant)), t.ID, secret)
}
