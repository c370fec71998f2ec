package sim

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"guichet/secutix/tixngo"
)

// walletMatrix says what every action does to a ticket in every status: rows are "status: way to it", then "action>status
// afterwards". An action that a row does not name is refused and changes nothing. After a V4 status stand its attributes.
func walletMatrix(gen string) string {
	if gen == walletV4 {
		return `
NOT_DOWNLOADED: ; download>DOWNLOADED control>NOT_DOWNLOADED+checked+controlled CONTROL>NOT_DOWNLOADED+checked+controlled DELETE>DELETED INJECT>NOT_DOWNLOADED WAIT>NOT_DOWNLOADED
DOWNLOADED: download; logoff>NOT_DOWNLOADED assign>DOWNLOADED transfer>PENDING_TRANSFER bluetooth>DOWNLOADED+activated offline>DOWNLOADED+activated control>DOWNLOADED+checked+controlled CONTROL>DOWNLOADED+checked+controlled DELETE>DELETION_PENDING INJECT>DOWNLOADED WAIT>DOWNLOADED
PENDING_TRANSFER: download,transfer; accept>DOWNLOADED reject>DOWNLOADED cancel>DOWNLOADED recall>DOWNLOADED control>DOWNLOADED+checked+controlled CONTROL>DOWNLOADED+checked+controlled DELETE>DELETION_PENDING INJECT>PENDING_TRANSFER WAIT>DOWNLOADED
DOWNLOADED+activated: download,bluetooth; logoff>NOT_DOWNLOADED+activated assign>DOWNLOADED+activated deactivate>DOWNLOADED control>DOWNLOADED+activated+checked+controlled CONTROL>DOWNLOADED+activated+checked+controlled DELETE>DELETION_PENDING+activated INJECT>DOWNLOADED+activated WAIT>DOWNLOADED+activated
DOWNLOADED+checked+controlled: download,control; logoff>NOT_DOWNLOADED+checked+controlled assign>DOWNLOADED+checked+controlled bluetooth>DOWNLOADED+activated+checked+controlled offline>DOWNLOADED+activated+checked+controlled checkout>DOWNLOADED+checked control>DOWNLOADED+checked+controlled CONTROL>DOWNLOADED+checked+controlled DELETE>DELETION_PENDING+checked+controlled INJECT>DOWNLOADED+checked+controlled WAIT>DOWNLOADED+checked+controlled
DOWNLOADED+checked: download,control,checkout; logoff>NOT_DOWNLOADED+checked assign>DOWNLOADED+checked transfer>PENDING_TRANSFER+checked bluetooth>DOWNLOADED+activated+checked offline>DOWNLOADED+activated+checked control>DOWNLOADED+checked+controlled CONTROL>DOWNLOADED+checked+controlled DELETE>DELETION_PENDING+checked INJECT>DOWNLOADED+checked WAIT>DOWNLOADED+checked
DELETION_PENDING: download,DELETE; sync>DELETED DELETE>DELETION_PENDING WAIT>DELETED
DELETED: DELETE; DELETE>DELETED INJECT>NOT_DOWNLOADED WAIT>DELETED`
	}
	const activate = " bluetooth>BT_ACTIVATED manual>MANUAL_ACTIVATED online>ONLINE_ACTIVATED offline>OFFLINE_ACTIVATED"
	const always = " control>CONTROLLED CONTROL>CONTROLLED DELETE>DELETION_PENDING"
	rows := `
INJECTED: ; download>DOWNLOADED` + always + `
DOWNLOADED: download; assign>ASSIGNED transfer>PENDING_TRANSFER` + activate + always + `
ASSIGNED: download,assign; transfer>PENDING_TRANSFER` + activate + always + `
PENDING_TRANSFER: download,transfer; accept>TRANSFERRED reject>FAILURE_TRANSFER cancel>FAILURE_TRANSFER recall>FAILURE WAIT>FAILURE_TRANSFER` + always + `
FAILURE_TRANSFER: download,transfer,reject; transfer>PENDING_TRANSFER` + activate + always + `
FAILURE: download,transfer,recall; ` + strings.TrimSpace(activate) + always + `
TRANSFERRED: download,transfer,accept; transfer>PENDING_TRANSFER` + activate + always + `
DEACTIVATED: download,manual,deactivate; ` + strings.TrimSpace(activate) + always + `
CONTROLLED: download,control; control>CONTROLLED CONTROL>CONTROLLED DELETE>DELETION_PENDING
DELETION_PENDING: download,DELETE; sync>DELETED DELETE>DELETION_PENDING WAIT>DELETED
DELETED: download,DELETE,sync; DELETE>DELETED INJECT>INJECTED WAIT>DELETED`
	for name, way := range map[string]string{"BT": "bluetooth", "MANUAL": "manual", "ONLINE": "online", "OFFLINE": "offline"} {
		rows += "\n" + name + "_ACTIVATED: download," + way + "; deactivate>DEACTIVATED" + always
	}
	for i, row := range strings.Split(rows, "\n") {
		status, _, _ := strings.Cut(row, ":")
		for _, still := range []string{"INJECT", "WAIT"} { // what is there stays as it is, whatever is sent and however long it takes
			if i > 0 && !strings.Contains(row, " "+still+">") && (still == "WAIT" || status != "DELETION_PENDING") {
				rows = strings.Replace(rows, row, row+" "+still+">"+status, 1)
				row += " " + still + ">" + status
			}
		}
	}
	return rows
}

// walletActs are all the actions of the matrix: those in capitals are the organizer's calls, and time.
var walletActs = [...]string{
	"download", "logoff", "assign", "transfer", "accept", "reject", "cancel", "recall", "bluetooth", "manual", "online", "offline",
	"deactivate", "control", "checkout", "sync", "CONTROL", "DELETE", "INJECT", "WAIT",
}

// do takes one action of the matrix and says whether it was taken.
func (h *phone) do(id, action string) bool {
	h.t.Helper()
	var r tixngo.Results
	switch action {
	case "CONTROL":
		r = h.control(id)
	case "DELETE":
		r = h.remove(id, "CANCELLED")
	case "INJECT":
		r = h.inject(ticketFor(h.gen, id))
	case "WAIT":
		h.p.Clock.Advance(time.Hour)
		return true
	case "bluetooth", "manual", "online", "offline":
		status, _ := h.act(id, "activate "+action)
		return status == http.StatusOK
	case "transfer":
		status, _ := h.act(id, "transfer "+map[bool]string{true: "bob@example.org", false: "eve@example.org"}[h.now(id).SpectatorDetails.Email == "ada@example.org"])
		return status == http.StatusOK
	default:
		status, _ := h.act(id, action)
		return status == http.StatusOK
	}
	return r.Accepted == 1
}

// standing is a ticket's status with its attributes.
func (h *phone) standing(id string) string {
	h.t.Helper()
	c := h.now(id)
	out := string(c.Status)
	if c.Activated {
		out += "+activated"
	}
	if c.Checked {
		out += "+checked"
	}
	if c.Controlled {
		out += "+controlled"
	}
	return out
}

func TestWallet_EveryActionInEveryStatus_DoesWhatThePagesSay(t *testing.T) {
	t.Parallel()
	for gen, least := range map[string]int{walletV3: 15, walletV4: 8} {
		rows := strings.Split(strings.TrimSpace(walletMatrix(gen)), "\n")
		if len(rows) != least {
			t.Errorf("%s: %d statuses, want %d", gen, len(rows), least)
		}
		for _, row := range rows {
			status, rest, _ := strings.Cut(row, ": ")
			way, targets, _ := strings.Cut(rest, "; ")
			t.Run(gen+" "+status, func(t *testing.T) {
				t.Parallel()
				want := map[string]string{}
				for _, pair := range strings.Fields(targets) {
					action, to, _ := strings.Cut(pair, ">")
					want[action] = to
				}
				h := organizerOf(t, newPlatform(t, func(p *Platform) { p.Wallet.RatePerMinute = -1 }), "theatre", gen)
				for i, action := range walletActs {
					h.cell(fmt.Sprint(i), way, status, action, want[action])
				}
				h.sound()
			})
		}
	}
}

// cell brings a new ticket to a status and tries one action; to is empty when it is refused.
func (h *phone) cell(id, way, status, action, to string) {
	h.t.Helper()
	h.inject(ticketFor(h.gen, id))
	for _, step := range strings.FieldsFunc(way, func(r rune) bool { return r == ',' }) {
		if !h.do(id, step) {
			h.t.Fatalf("%s is refused on the way to %s", step, status)
		}
	}
	if got := h.standing(id); got != status {
		h.t.Fatalf("%s leads to %s, not to %s", way, got, status)
	}
	taken := h.do(id, action)
	if to == "" {
		to = status
		if taken {
			h.t.Errorf("%s of a ticket that is %s is taken", action, status)
		}
	} else if !taken {
		h.t.Errorf("%s of a ticket that is %s is refused", action, status)
	}
	if got := h.standing(id); got != to {
		h.t.Errorf("%s of a ticket that is %s makes it %s, not %s", action, status, got, to)
	}
}
