package api

import (
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"guichet/domain/catalog"
	"guichet/domain/quota"
)

type seatMapDTO struct {
	Performance string     `json:"performance"`
	Numbered    bool       `json:"numbered" doc:"false: its places have no numbers, and there are no blocks"`
	AsOf        time.Time  `json:"as_of,omitzero" doc:"when this was true"`
	Free        int        `json:"free" doc:"seats that can be had"`
	Blocks      []blockDTO `json:"blocks" nullable:"false" doc:"by area and name"`
}

type blockDTO struct {
	ID   string   `json:"id,omitempty"`
	Name string   `json:"name"`
	Area *areaRef `json:"area,omitempty"`
	Free int      `json:"free"`
	Rows []rowDTO `json:"rows" nullable:"false" doc:"in their order"`
}

type areaRef struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
}

type rowDTO struct {
	Name  string         `json:"name"`
	Seats []seatPlaceDTO `json:"seats" nullable:"false" doc:"in their order"`
}

type seatPlaceDTO struct {
	ID           string `json:"id" doc:"the platform's number of the seat"`
	Number       string `json:"number"`
	SeatCategory string `json:"seat_category,omitempty"`
	Contingent   string `json:"contingent,omitempty"`
	Free         bool   `json:"free"`
}

// seatBodies keeps the written answers of the seat maps that were asked for last. It is safe for concurrent use.
type seatBodies struct {
	mu   sync.Mutex
	kept map[*catalog.SeatMap]*body
}

const maxSeatBodies = 32

func (k *seatBodies) body(m *catalog.SeatMap, write func() (*body, error)) (*body, error) {
	k.mu.Lock()
	b := k.kept[m]
	k.mu.Unlock()
	if b != nil {
		return b, nil
	}
	b, err := write()
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.kept == nil || len(k.kept) >= maxSeatBodies {
		k.kept = map[*catalog.SeatMap]*body{}
	}
	k.kept[m] = b
	return b, nil
}

func (s *server) getSeats(c *gin.Context) {
	cl := callOf(c.Request.Context())
	q := newQuery(c.Request.URL, cl.route)
	if err := q.err(); err != nil {
		s.refuse(c, err)
		return
	}
	sh, p, err := s.performanceOf(cl, c.Param("id"))
	if err == nil {
		sh.looks.Look(p.ID)
	}
	if err != nil {
		s.refuse(c, err)
		return
	}
	m, err := s.Catalog.Seats(quota.ForKey(c.Request.Context(), cl.key.ID), sh.view.Institution.Code, p.ID)
	if err != nil {
		s.refuse(c, err)
		return
	}
	if !p.Numbered {
		s.send(c, sh.seatMap(p, m), nil, m.AsOf)
		return
	}
	b, err := s.seatBodies.body(m, func() (*body, error) {
		raw, err := encode(sh.seatMap(p, m))
		if err != nil {
			return nil, err
		}
		return newBody(raw, nil), nil
	})
	if err != nil {
		s.refuse(c, err)
		return
	}
	s.sendBody(c, b, m.AsOf)
}

func (sh *shelf) seatMap(p *catalog.Performance, m *catalog.SeatMap) seatMapDTO {
	code := sh.view.Institution.Code
	d := seatMapDTO{Performance: publicID(code, p.ID), Numbered: p.Numbered, AsOf: in(m.AsOf, sh.index.Location()), Blocks: []blockDTO{}}
	var last *catalog.Seat
	for i := range m.Seats {
		s := &m.Seats[i]
		if last == nil || s.Area != last.Area || s.Block != last.Block || s.BlockName != last.BlockName {
			b := blockDTO{Name: s.BlockName}
			if s.Block != 0 {
				b.ID = publicID(code, s.Block)
			}
			if s.Area != 0 {
				b.Area = &areaRef{ID: publicID(code, s.Area), Name: s.AreaName}
			}
			d.Blocks, last = append(d.Blocks, b), nil
		}
		b := &d.Blocks[len(d.Blocks)-1]
		if last == nil || s.Row != last.Row {
			b.Rows = append(b.Rows, rowDTO{Name: s.Row})
		}
		last = s
		seat := seatPlaceDTO{ID: publicID(code, s.ID), Number: s.Number, Free: s.Free}
		if s.SeatCategory != 0 {
			seat.SeatCategory = publicID(code, s.SeatCategory)
		}
		if s.Contingent != 0 {
			seat.Contingent = publicID(code, s.Contingent)
		}
		if s.Free {
			d.Free, b.Free = d.Free+1, b.Free+1
		}
		r := &b.Rows[len(b.Rows)-1]
		r.Seats = append(r.Seats, seat)
	}
	return d
}
