package envelope_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/envelope"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

func sample() *envelope.Envelope {
	return &envelope.Envelope{
		Tenant: "acme", ID: profile.ID{1, 2, 3}, ReceivedAt: 1_700_000_000_000,
		Labels: profile.NewLabels("__name__", "process_cpu", "service_name", "api", "pod", ""),
		Packed: []byte("packed"),
	}
}

func TestRoundTrip(t *testing.T) {
	inline := sample()
	claim := sample()
	claim.Packed, claim.Key = []byte{}, envelope.Key(claim.Tenant, claim.ID)
	for _, e := range []*envelope.Envelope{inline, claim} {
		got, err := envelope.Decode(e.Append(nil))
		require.NoError(t, err)
		require.Equal(t, e, got)
	}
}

func TestDecodeRefusesWhatIsCutOffOrExtended(t *testing.T) {
	b := sample().Append(nil)
	for n := range b {
		_, err := envelope.Decode(b[:n])
		require.ErrorIs(t, err, envelope.ErrMalformed, "%d bytes", n)
	}
	_, err := envelope.Decode(append(bytes.Clone(b), 0))
	require.ErrorIs(t, err, envelope.ErrMalformed)
	_, err = envelope.Decode(append([]byte{99}, b[1:]...))
	require.ErrorIs(t, err, envelope.ErrMalformed)
}

func TestPackUnpack(t *testing.T) {
	c, err := envelope.NewCodec()
	require.NoError(t, err)
	body := bytes.Repeat([]byte("main.work"), 1000)
	packed := c.Pack(body)
	require.Less(t, len(packed), len(body)/10)
	got, err := c.Unpack(packed, nil)
	require.NoError(t, err)
	require.Equal(t, body, got)
	packed[len(packed)-1] ^= 1
	_, err = c.Unpack(packed, nil)
	require.ErrorIs(t, err, envelope.ErrMalformed, "the checksum must notice")
}

func FuzzDecode(f *testing.F) {
	f.Add(sample().Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := envelope.Decode(b)
		if err != nil {
			return
		}
		again, err := envelope.Decode(e.Append(nil))
		require.NoError(t, err)
		require.Equal(t, e, again)
	})
}
