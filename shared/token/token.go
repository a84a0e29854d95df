// Package token are the tokens by which clients prove for which tenant they push
// and query: what they look like, how they are kept, made, rotated and revoked
// ([Admin]), and how a request's token is checked ([Checker]).
//
// A token is kept in the record store under its tenant and its id, never as
// itself: the record has an HMAC of its text, with a salt of its own as the key.
// A fast hash is right, since the secret is no password but 256 random bits,
// which nobody finds by trying; a slow one would cost each cold start the time
// that it costs an attacker who cannot win anyway, and let strangers make us
// compute.
package token

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/records"
)

// Kind is the kind of the records: the key is the token's id, the value the
// token and its hashes in JSON.
const Kind records.Kind = "token"

// Scope is what a token allows.
type Scope string

// The scopes. None includes another.
const (
	ScopeIngest Scope = "ingest" // push profiles
	ScopeQuery  Scope = "query"  // read, with the settings and files that people keep beside it
	ScopeAdmin  Scope = "admin"  // paths below /admin/
)

// Scopes lists all scopes.
func Scopes() []Scope { return []Scope{ScopeIngest, ScopeQuery, ScopeAdmin} }

// Token is what is known of a token, without anything secret.
type Token struct {
	Tenant profile.TenantID `json:"tenant"`
	ID     string           `json:"id"`
	Name   string           `json:"name"` // for people
	Scopes []Scope          `json:"scopes"`
	// Reads are the tenants beside its own that queries with the token may name
	// in X-Scope-OrgID. They are never written to.
	Reads   []profile.TenantID `json:"reads,omitempty"`
	Created time.Time          `json:"created"`
	Expires time.Time          `json:"expires,omitzero"` // zero: never
	Revoked time.Time          `json:"revoked,omitzero"` // zero: it is not

	secrets []secret
}

// Has reports whether the token has the scope.
func (t Token) Has(s Scope) bool { return slices.Contains(t.Scopes, s) }

// MayRead reports whether queries with the token may name the tenant.
func (t Token) MayRead(tenant profile.TenantID) bool {
	return tenant == t.Tenant || slices.Contains(t.Reads, tenant)
}

// Errors of a token that was presented. All are ErrInvalid.
var (
	// ErrInvalid: there is no such token, or its secret is another one.
	ErrInvalid = errors.New("the token is not valid")
	// ErrExpired and ErrRevoked are told only to who has the secret.
	ErrExpired = fmt.Errorf("%w: it has expired", ErrInvalid)
	ErrRevoked = fmt.Errorf("%w: it was revoked", ErrInvalid)
)

// secret is how the secret of a token is kept. A token has two while a rotation
// is under way.
type secret struct {
	Salt  []byte    `json:"salt"`
	MAC   []byte    `json:"mac"`
	Until time.Time `json:"until,omitzero"` // zero: as long as the token
}

const saltBytes = 16

func newSecret(t Text) secret {
	salt := make([]byte, saltBytes)
	rand.Read(salt) // never fails
	return secret{Salt: salt, MAC: macOf(salt, t)}
}

// macOf is over the whole text, so that a record that was copied to another
// tenant's or another id's name is worth nothing.
func macOf(salt []byte, t Text) []byte {
	m := hmac.New(sha256.New, salt)
	m.Write([]byte(t.Reveal()))
	return m.Sum(nil)
}

// judge says whether the text is that of the token, and the token in force.
func (t Token) judge(text Text, now time.Time) error {
	matches := false
	for _, s := range t.secrets {
		ended := !s.Until.IsZero() && !now.Before(s.Until)
		// hmac.Equal takes the same time wherever the first difference is.
		matches = hmac.Equal(s.MAC, macOf(s.Salt, text)) && !ended || matches
	}
	switch {
	case !matches:
		return ErrInvalid
	case !t.Revoked.IsZero():
		return ErrRevoked
	case !t.Expires.IsZero() && !now.Before(t.Expires):
		return ErrExpired
	}
	return nil
}

// keptAfterwards is how long a token that has ended can still be listed.
const keptAfterwards = 30 * 24 * time.Hour

// stored is the value of a record; tenant and id are in its name.
type stored struct {
	Token
	Secrets []secret `json:"secrets"`
}

func recordName(tenant profile.TenantID, id string) records.Name {
	return records.Name{Tenant: tenant, Kind: Kind, Key: id}
}

// record returns the token as it is kept, in place of the given version.
func (t Token) record(version uint64) (records.Record, error) {
	value, err := json.Marshal(stored{t, t.secrets})
	if err != nil {
		return records.Record{}, fmt.Errorf("encode token: %w", err)
	}
	r := records.Record{Name: recordName(t.Tenant, t.ID), Value: value, Version: version}
	ends := t.Expires
	if !t.Revoked.IsZero() && (ends.IsZero() || t.Revoked.Before(ends)) {
		ends = t.Revoked
	}
	if !ends.IsZero() {
		r.Expires = ends.Add(keptAfterwards)
	}
	return r, nil
}

func fromRecord(r records.Record) (Token, error) {
	var s stored
	if err := json.Unmarshal(r.Value, &s); err != nil {
		return Token{}, fmt.Errorf("decode token %s of tenant %s: %w", r.Key, r.Tenant, err)
	}
	s.secrets, s.Tenant, s.ID = s.Secrets, r.Tenant, r.Key
	return s.Token, nil
}
