package secutix

import (
	"bytes"
	"encoding/json"
	"slices"

	"guichet/secutix/s360"
)

// Push is what a webhook of S-360 brought, as far as it is a hint of something to look at. Nothing else of it is kept.
type Push struct {
	Products int     // products that changed, whatever of them
	Orders   []int64 // numbers of the platform's orders that were closed or abandoned, ours or not
	Files    []int64 // numbers of the files of those that are no sales: something followed a sale
	Other    int     // things that are not understood
}

// ReadPush reads the body of a push: one object or an array of them, each a product (getProductDetails) or an order
// (getOrderDetails, in orderDetailsData). Anything else counts as one thing that is not understood.
func ReadPush(body []byte) Push {
	var list []json.RawMessage
	if body = bytes.TrimSpace(body); len(body) > 0 && body[0] == '[' {
		if json.Unmarshal(body, &list) != nil {
			return Push{Other: 1}
		}
	} else {
		list = []json.RawMessage{body}
	}
	var p Push
	for _, raw := range list {
		p.read(raw)
	}
	return p
}

func (p *Push) read(raw json.RawMessage) {
	var thing struct {
		Order *struct {
			ID         s360.Int        `json:"orderId"`
			Type       string          `json:"orderType"`
			Operations json.RawMessage `json:"operationDatas"`
		} `json:"orderDetailsData"`
		ID     s360.Int        `json:"id"`
		Family json.RawMessage `json:"productFamilyType"`
	}
	switch err := json.Unmarshal(raw, &thing); {
	case err != nil:
		p.Other++
	case thing.Order != nil && thing.Order.ID > 0:
		p.Orders = append(p.Orders, int64(thing.Order.ID))
		if t := thing.Order.Type; t != "" && t != s360.OrderTypeSale {
			p.files(thing.Order.Operations)
		}
	case thing.Family != nil && thing.ID > 0:
		p.Products++
	default:
		p.Other++
	}
}

// files notes the files of an order's operations, as far as they can be read.
func (p *Push) files(operations json.RawMessage) {
	var list s360.List[struct {
		File s360.Int `json:"fileId"`
	}]
	if json.Unmarshal(operations, &list) != nil {
		return
	}
	for _, op := range list {
		if file := int64(op.File); file > 0 && !slices.Contains(p.Files, file) {
			p.Files = append(p.Files, file)
		}
	}
}
