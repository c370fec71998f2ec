package api

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
)

type adminChangesInput struct {
	Code    string `path:"code" doc:"code of the institution"`
	What    string `query:"what" maxLength:"100" doc:"one or more of added, gone, moved, repriced, state, changed, more, separated by commas"`
	Product string `query:"product" maxLength:"200" doc:"id of a product; its performances and items with it"`
	From    string `query:"from" maxLength:"40" doc:"RFC 3339 time or local day of the institution"`
	To      string `query:"to" maxLength:"40" doc:"RFC 3339 time (exclusive) or local day of the institution (inclusive)"`
	PageInput
}

type adminChangeDTO struct {
	What        string    `json:"what" enum:"added,gone,moved,repriced,state,changed,more" doc:"more: changes that are not listed one by one"`
	Product     string    `json:"product,omitempty" doc:"absent: what all things refer to"`
	Performance string    `json:"performance,omitempty"`
	Item        string    `json:"item,omitempty"`
	Code        string    `json:"code,omitempty"`
	Members     []string  `json:"members,omitempty" nullable:"false" doc:"of changed: what differs"`
	Before      string    `json:"before,omitempty" doc:"in short; times in UTC"`
	After       string    `json:"after,omitempty"`
	Count       int       `json:"count,omitempty" doc:"of more: how many"`
	Version     int64     `json:"version" doc:"of the catalog that brought it"`
	At          time.Time `json:"at" doc:"when that catalog was loaded"`
}

type adminChangesOutput struct {
	Body struct {
		Items []adminChangeDTO `json:"items" nullable:"false"`
		Next  *string          `json:"next" doc:"cursor of the next page, null on the last"`
	} `nameHint:"CatalogChangePage"`
}

// adminChanges lists what refreshes changed, newest first.
func (s *server) adminChanges(ctx context.Context, inp *adminChangesInput) (*adminChangesOutput, error) {
	code := domain.InstitutionCode(inp.Code)
	if _, err := s.Catalog.State(ctx, code); err != nil {
		return nil, err
	}
	loc := s.location(code)
	q, err := inp.query(code, loc)
	if err != nil {
		return nil, err
	}
	limit := q.Limit
	q.Limit++
	lines, err := s.Catalog.History(ctx, q)
	if err != nil {
		return nil, err
	}
	out := &adminChangesOutput{}
	out.Body.Items = []adminChangeDTO{}
	if len(lines) > limit {
		lines = lines[:limit]
		next := changeCursor(lines[limit-1])
		out.Body.Next = &next
	}
	for i := range lines {
		out.Body.Items = append(out.Body.Items, toAdminChange(code, &lines[i], loc))
	}
	return out, nil
}

func (inp *adminChangesInput) query(code domain.InstitutionCode, loc *time.Location) (catalog.ChangeQuery, error) {
	q := catalog.ChangeQuery{Institution: code, Limit: inp.Limit}
	if q.Limit == 0 {
		q.Limit = domain.DefaultLimit
	}
	bad := domain.Errorf(domain.Invalid, domain.CodeRequest, "a parameter is wrong")
	if inp.What != "" {
		for w := range strings.SplitSeq(inp.What, ",") {
			if !slices.Contains(catalog.ChangeSorts(), catalog.ChangeSort(w)) {
				bad.WithField("?what", domain.CodeRequest, "one or more of "+joined(catalog.ChangeSorts()))
				break
			}
			q.Sorts = append(q.Sorts, catalog.ChangeSort(w))
		}
	}
	if inp.Product != "" {
		of, id, ok := parseID(inp.Product)
		if !ok || of != code {
			bad.WithField("?product", domain.CodeRequest, "the id of a product of this institution")
		}
		q.Product = catalog.ProductID(id)
	}
	var ok bool
	if q.From, ok = parseMoment(inp.From, loc, false); !ok {
		bad.WithField("?from", domain.CodeRequest, "an RFC 3339 time or a day")
	}
	if q.To, ok = parseMoment(inp.To, loc, true); !ok {
		bad.WithField("?to", domain.CodeRequest, "an RFC 3339 time or a day")
	}
	if q.After, ok = parseChangeCursor(inp.Cursor); !ok {
		bad.WithField("?cursor", CodeRequestCursor, "use the next member of the page before")
	}
	if len(bad.Fields) > 0 {
		return q, bad
	}
	return q, nil
}

func changeCursor(l catalog.ChangeLine) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d.%d", l.Seq, l.Line))
}

func parseChangeCursor(s string) (catalog.ChangeLine, bool) {
	var l catalog.ChangeLine
	if s == "" {
		return l, true
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return l, false
	}
	if _, err := fmt.Sscanf(string(b), "%d.%d", &l.Seq, &l.Line); err != nil || l.Seq <= 0 || l.Line < 0 {
		return l, false
	}
	return l, changeCursor(l) == s
}

func toAdminChange(code domain.InstitutionCode, l *catalog.ChangeLine, loc *time.Location) adminChangeDTO {
	d := adminChangeDTO{
		What: string(l.Sort), Code: l.Code, Members: l.Members, Before: l.Before, After: l.After, Count: l.More, Version: l.Version, At: in(l.At, loc),
	}
	if l.Product != 0 {
		d.Product = publicID(code, l.Product)
	}
	if l.Performance != 0 {
		d.Performance = publicID(code, l.Performance)
	}
	if l.Item != 0 {
		d.Item = publicID(code, l.Item)
	}
	return d
}
