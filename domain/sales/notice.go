package sales

import (
	"strings"
	"time"

	"guichet/domain/catalog"
)

// NoticeKind says what the institution changed about something that was sold.
type NoticeKind string

// The kinds of notice.
const (
	NoticeCancelled   NoticeKind = "cancelled"   // the performance does not take place
	NoticeRescheduled NoticeKind = "rescheduled" // it begins at another time
	NoticeMoved       NoticeKind = "moved"       // it takes place at another venue or in another hall
)

// Notice is what the buyer of a line must be told, because the catalog says something else now than when it was sold.
type Notice struct {
	Kind     NoticeKind
	Line     int           // index into Order.Lines
	Was, Now time.Time     // with NoticeRescheduled
	Place    catalog.Venue // with NoticeMoved: where it takes place now
}

// Notices compares the performance of each line with what was sold. Find gives a performance as the catalog has it now, nil
// for one that it does not have: that alone says nothing, a past performance leaves the catalog too.
func (o *Order) Notices(find func(catalog.PerformanceID) *catalog.Performance) []Notice {
	var list []Notice
	for i := range o.Lines {
		l := &o.Lines[i]
		if l.Performance == 0 {
			continue
		}
		p := find(l.Performance)
		if p == nil {
			continue
		}
		if strings.Contains(strings.ToUpper(p.State), "CANCEL") {
			list = append(list, Notice{Kind: NoticeCancelled, Line: i})
			continue
		}
		if !p.Start.IsZero() && !l.Facts.Start.IsZero() && !p.Start.Equal(l.Facts.Start) {
			list = append(list, Notice{Kind: NoticeRescheduled, Line: i, Was: l.Facts.Start, Now: p.Start})
		}
		was := l.Facts.Venue
		if p.Venue.Code != was.Code || p.Venue.SpaceCode != was.SpaceCode {
			list = append(list, Notice{Kind: NoticeMoved, Line: i, Place: p.Venue})
		}
	}
	return list
}
