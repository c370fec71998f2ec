package main

import (
	"errors"
	"fmt"
	"slices"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/delivery"
	"guichet/templates"
)

// LayoutChoice says by which layout tickets are printed where nobody asks for another one; the first that fits counts. What is
// left out fits everything.
type LayoutChoice struct {
	Institution string            `yaml:"institution"`
	Product     string            `yaml:"product"` // code or number
	Kind        catalog.Kind      `yaml:"kind"`
	Formats     []delivery.Format `yaml:"formats"`
	Layout      string            `yaml:"layout"`
}

// choicePlace is where a choice stands in the configuration, in an operator's words.
func choicePlace(i int) string { return fmt.Sprintf("layout_choices: number %d", i+1) }

// checkLayoutChoices reports what is wrong with the choices, but for names of layouts, which are not read yet.
func (c *Config) checkLayoutChoices(bad func(format string, args ...any)) {
	for n, l := range c.LayoutChoices {
		at := choicePlace(n)
		if l.Institution != "" && !slices.ContainsFunc(c.Institutions, func(i InstitutionConfig) bool { return i.Code == l.Institution }) {
			bad("%s: institution: there is no %q", at, l.Institution)
		}
		if l.Kind != "" && !slices.Contains(catalog.Kinds(), l.Kind) {
			bad("%s: kind: %q is none of %v", at, string(l.Kind), catalog.Kinds())
		}
		for _, f := range l.Formats {
			if !slices.Contains(delivery.Formats(), f) {
				bad("%s: formats: %q is none of %v", at, string(f), delivery.Formats())
			}
		}
		if l.Product != "" && l.Institution == "" {
			bad("%s: product: an institution is needed with it", at)
		}
		if l.Layout == "" {
			bad("%s: layout: a layout is needed", at)
		}
	}
}

// choices are the configured ones.
func (c *Config) choices() []delivery.Choice {
	out := make([]delivery.Choice, 0, len(c.LayoutChoices))
	for _, l := range c.LayoutChoices {
		out = append(out, delivery.Choice{
			Institution: domain.InstitutionCode(l.Institution), Product: l.Product, Kind: l.Kind, Formats: l.Formats, Layout: l.Layout,
		})
	}
	return out
}

// checkChosenLayouts says which choices name a layout that there is not, each with its place.
func (c *Config) checkChosenLayouts(r *templates.Renderer) error {
	err := delivery.CheckChoices(c.choices(), r.Layouts(), choicePlace)
	if err == nil {
		return nil
	}
	var lines []error
	for _, f := range domain.AsError(err).Fields {
		lines = append(lines, fmt.Errorf("%s: %s", f.Pointer, f.Detail))
	}
	return errors.Join(lines...)
}
