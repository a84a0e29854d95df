package tokens

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/token"
)

// issued prints a token with its secret. It is the only place that does.
func (v verb) issued(t token.Token, text token.Text, also string) error {
	if *v.AsJSON {
		return v.Env.JSON(struct {
			token.Token
			Secret string `json:"token"`
		}{t, text.Reveal()})
	}
	_, err := fmt.Fprintf(v.Env.Stdout, `%s

This is shown once. Clients send it as the password of the user %s, or as a
Bearer token. Its id, by which to rotate and revoke it, is %s.
%s`, text.Reveal(), t.Tenant, t.ID, also)
	return err
}

func printList(out io.Writer, all []token.Token, now time.Time) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tNAME\tSCOPES\tREADS\tCREATED\tSTATE") // errors come with Flush
	for _, t := range all {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", t.ID, t.Name, join(t.Scopes), join(t.Reads), t.Created.Format(time.DateOnly), state(t, now))
	}
	return table.Flush()
}

func state(t token.Token, now time.Time) string {
	switch {
	case !t.Revoked.IsZero():
		return "revoked " + t.Revoked.Format(time.RFC3339)
	case t.Expires.IsZero():
		return "valid"
	case now.Before(t.Expires):
		return "valid until " + t.Expires.Format(time.RFC3339)
	}
	return "expired " + t.Expires.Format(time.RFC3339)
}

func join[T ~string](all []T) string {
	parts := make([]string, 0, len(all))
	for _, s := range all {
		parts = append(parts, string(s))
	}
	return strings.Join(parts, ",")
}
