package catalog

import "cmp"

// compare orders seats by area, block, row and number. Rows and numbers are names: "2" stands before "10", "B" before "AA".
func (s Seat) compare(o Seat) int {
	return cmp.Or(
		naturally(s.AreaName, o.AreaName), cmp.Compare(s.Area, o.Area), naturally(s.BlockName, o.BlockName), cmp.Compare(s.Block, o.Block),
		naturally(s.Row, o.Row), naturally(s.Number, o.Number), cmp.Compare(s.ID, o.ID),
	)
}

// naturally compares names as people count: digits by their value, and a shorter word before a longer one.
func naturally(a, b string) int {
	for a != "" && b != "" {
		headA, restA, numA := leading(a)
		headB, restB, numB := leading(b)
		c := cmp.Or(cmp.Compare(len(headA), len(headB)), cmp.Compare(headA, headB))
		if numA != numB {
			c = cmp.Compare(a, b)
		}
		if c != 0 {
			return c
		}
		a, b = restA, restB
	}
	return cmp.Compare(len(a), len(b))
}

// leading cuts off the digits or the other characters that a name begins with; digits lose their leading zeros.
func leading(s string) (head, rest string, digits bool) {
	isDigit := func(c byte) bool { return c >= '0' && c <= '9' }
	digits = isDigit(s[0])
	n := 1
	for n < len(s) && isDigit(s[n]) == digits {
		n++
	}
	head, rest = s[:n], s[n:]
	for digits && len(head) > 1 && head[0] == '0' {
		head = head[1:]
	}
	return head, rest, digits
}
