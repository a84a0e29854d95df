package recovery

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/symtab"
)

// readBlock decodes all of a block, which compares every checksum: first what
// all profile types share, then the values of each, and the same of sums.
func readBlock(ctx context.Context, store objstore.Reader, m *block.Meta) error {
	reader, err := block.NewReader(store)
	if err != nil {
		return err
	}
	dec := reader.NewDecoder()
	all := block.Request{From: math.MinInt64, To: math.MaxInt64, Need: block.NeedAll}
	profiles := int64(0)
	err = reader.Read(ctx, m, all, func(d *block.Dataset) error {
		for _, p := range d.Parts {
			profiles += int64(p.NumProfiles())
		}
		return readShared(d, dec)
	})
	if err == nil && profiles != m.Profiles {
		err = fmt.Errorf("%w: it has %d profiles, want %d", block.ErrCorrupt, profiles, m.Profiles)
	}
	for _, t := range typesOf(m) {
		if err != nil {
			return err
		}
		values := block.Request{Type: &t, From: math.MinInt64, To: math.MaxInt64, Need: block.NeedTotals | block.NeedSamples}
		err = reader.Read(ctx, m, values, func(d *block.Dataset) error { return readValues(d, dec) })
	}
	for i := range m.Sums {
		if err == nil {
			err = readSums(ctx, reader, dec, m, m.Sums[i].Step)
		}
	}
	return err
}

// readSums decodes the sums of a step. They must be of all profiles.
func readSums(ctx context.Context, reader *block.Reader, dec *block.Decoder, m *block.Meta, step int64) error {
	of := func(s int64) bool { return s == step }
	req := block.Request{From: math.MinInt64, To: math.MaxInt64, Sums: of, Need: block.NeedProfiles | block.NeedOwners}
	profiles := int64(0)
	err := reader.Read(ctx, m, req, func(d *block.Dataset) error {
		for _, p := range d.Parts {
			_, _, profilesErr := p.Profiles(dec)
			_, ownersErr := p.Owners(dec)
			counts, countsErr := p.Counts(dec)
			if err := errors.Join(profilesErr, ownersErr, countsErr); err != nil {
				return err
			}
			for _, n := range counts {
				profiles += n
			}
			if p.Step == 0 {
				profiles += int64(p.NumProfiles())
			}
		}
		return nil
	})
	if err == nil && profiles != m.Profiles {
		err = fmt.Errorf("%w: sums over %d ns are of %d profiles, want %d", block.ErrCorrupt, step, profiles, m.Profiles)
	}
	for _, t := range typesOf(m) {
		if err != nil {
			return err
		}
		req.Type, req.Need = &t, block.NeedTotals|block.NeedSamples
		err = reader.Read(ctx, m, req, func(d *block.Dataset) error { return readValues(d, dec) })
	}
	return err
}

func readShared(d *block.Dataset, dec *block.Decoder) error {
	_, seriesErr := d.Series(dec)
	_, stacksErr := d.Stacks(dec)
	_, framesErr := d.ImportLocations(dec, symtab.New(), nil)
	errs := []error{seriesErr, stacksErr, framesErr}
	for _, p := range d.Parts {
		_, _, profilesErr := p.Profiles(dec)
		_, idsErr := p.IDs(dec)
		_, ownersErr := p.Owners(dec)
		_, _, _, spansErr := p.Spans(dec)
		errs = append(errs, profilesErr, idsErr, ownersErr, spansErr)
	}
	return errors.Join(errs...)
}

func readValues(d *block.Dataset, dec *block.Decoder) error {
	var errs []error
	for _, p := range d.Parts {
		_, totalsErr := p.Totals(dec)
		_, _, samplesErr := p.Samples(dec)
		errs = append(errs, totalsErr, samplesErr)
	}
	return errors.Join(errs...)
}
