package sim

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

const alive = "/tnseb/backend-apis/catalogService/v1_33/isCatalogServiceAlive"

func TestToken_OnlyFreshOnesOfTheOperatorPass(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	now := aDay.Unix()
	claims := func(change map[string]any) map[string]any {
		c := map[string]any{"sub": "THEATRE", "aud": d.in.w.Operator, "iss": "Guichet", "iat": now, "exp": now + 30}
		for k, v := range change {
			c[k] = v
		}
		return c
	}
	for name, tc := range map[string]struct {
		token string
		want  int
	}{
		"fresh":              {forge(d.in.w.Secret, claims(nil)), 200},
		"lower case":         {forge(d.in.w.Secret, claims(map[string]any{"sub": "theatre"})), 200},
		"milliseconds":       {forge(d.in.w.Secret, claims(map[string]any{"iat": now * 1000, "exp": (now + 30) * 1000})), 200},
		"five seconds old":   {forge(d.in.w.Secret, claims(map[string]any{"iat": now - 5})), 200},
		"six seconds old":    {forge(d.in.w.Secret, claims(map[string]any{"iat": now - 6})), 401},
		"from the future":    {forge(d.in.w.Secret, claims(map[string]any{"iat": now + 60})), 401},
		"expired":            {forge(d.in.w.Secret, claims(map[string]any{"exp": now})), 401},
		"without exp":        {forge(d.in.w.Secret, map[string]any{"sub": "THEATRE", "aud": d.in.w.Operator, "iat": now}), 401},
		"wrong secret":       {forge("guess", claims(nil)), 401},
		"other institution":  {forge(d.in.w.Secret, claims(map[string]any{"sub": "MUSEUM"})), 401},
		"other operator":     {forge(d.in.w.Secret, claims(map[string]any{"aud": "SOMEBODY"})), 401},
		"aud as list":        {forge(d.in.w.Secret, claims(map[string]any{"aud": []string{d.in.w.Operator}})), 401},
		"claims to be given": {forge(d.in.w.Secret, claims(map[string]any{"iat": now - 200, "issued": true})), 401},
		"not a token":        {"abc", 401},
		"none":               {"", 401},
	} {
		status, text, err := d.send(alive, object{}, "Authorization", "Bearer "+tc.token)
		if err != nil || status != tc.want {
			t.Errorf("%s: %d %s %v, want %d", name, status, text, err, tc.want)
		}
		if strings.Contains(text, d.in.w.Secret) {
			t.Errorf("%s: the answer gives the secret away", name)
		}
	}
}

func TestToken_MovedClock_AcceptsACallerInRealTime(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	p.Clock.Advance(48 * time.Hour)
	now := aDay.Unix()
	token := forge(d.in.w.Secret, map[string]any{"sub": "THEATRE", "aud": d.in.w.Operator, "iat": now, "exp": now + 30})
	if status, text, _ := d.send(alive, object{}, "Authorization", "Bearer "+token); status != 200 {
		t.Errorf("%d %s", status, text)
	}
}

func TestLogin_GivesATokenThatOutlivesAForgedOne(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "museum")
	login := object{"operator": d.in.w.Operator, "partner": "Guichet", "secret": d.in.w.Secret}
	status, text, _ := d.send("/tnai/backend-apis/v1/auth", login)
	var got struct{ Token string }
	if err := json.Unmarshal([]byte(text), &got); status != 200 || err != nil || got.Token == "" {
		t.Fatalf("%d %s", status, text)
	}
	for after, want := range map[time.Duration]int{time.Minute: 200, issuedLife: 401} {
		later := newPlatform(t, func(p *Platform) { p.Clock = NewClock(aDay.Add(after)) })
		d := at(t, later, "museum")
		if status, text, _ := d.send(alive, object{}, "Authorization", "Bearer "+got.Token); status != want {
			t.Errorf("after %s: %d %s, want %d", after, status, text, want)
		}
	}
	login["secret"] = "guess"
	if status, _, _ := d.send("/tnai/backend-apis/v1/auth", login); status != 401 {
		t.Errorf("wrong secret: %d", status)
	}
}

func TestPath_UnknownThingsAreNotFoundInPlainText(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	for path, want := range map[string]int{
		alive: 200,
		"/tnseb/backend-apis/catalogService/v1_34/isCatalogServiceAlive": 200,
		"/tnseb/backend-apis/catalogService/v1_32/isCatalogServiceAlive": 404,
		"/tnseb/backend-apis/catalogService/v1_33/getCatalogs":           404,
		"/tnseb/backend-apis/orderService/v1_33/closeOrder":              404,
		"/tnco/backend-apis/catalogService/v1_33/isCatalogServiceAlive":  404,
		"/nothing": 404,
	} {
		status, text, err := d.send(path, object{})
		if err != nil || status != want {
			t.Errorf("%s: %d %s %v, want %d", path, status, text, err, want)
		}
	}
}

func TestRequest_WhatTheServiceCannotRead_IsRefused(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	send := func(method, contentType, body string) int {
		r := httptest.NewRequestWithContext(t.Context(), method, "/theatre"+alive, strings.NewReader(body))
		r.Header.Set("Content-Type", contentType)
		r.Header.Set("Authorization", "Bearer "+d.token())
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		if w.Header().Get("X-Simulator") != "guichet" {
			t.Errorf("no X-Simulator header")
		}
		return w.Code
	}
	for name, tc := range map[string]struct {
		got, want int
	}{
		"fine":         {send("POST", "application/json; charset=utf-8", `{}`), 200},
		"GET":          {send("GET", "application/json", `{}`), 405},
		"text":         {send("POST", "text/plain", `{}`), 415},
		"no type":      {send("POST", "", `{}`), 415},
		"empty":        {send("POST", "application/json", ``), 400},
		"broken":       {send("POST", "application/json", `{"a":`), 400},
		"list":         {send("POST", "application/json", `[]`), 400},
		"far too long": {send("POST", "application/json", `{"a":"`+strings.Repeat("x", maxBody)+`"}`), 413},
	} {
		if tc.got != tc.want {
			t.Errorf("%s: %d, want %d", name, tc.got, tc.want)
		}
	}
	for body, want := range map[string]string{`{}`: "success", `{"seasonID":1}`: "error.parameter.unknown"} {
		var v map[string]any
		_ = json.Unmarshal([]byte(body), &v)
		if o := d.call("catalogService", "isCatalogServiceAlive", v); o.code() != want {
			t.Errorf("%s: %s, want %s", body, o.code(), want)
		}
	}
	wrongCase := d.closing(1, 1)
	wrongCase["generateBarcodes"] = true
	if o := d.call("externalOrderService", "closeOrder", wrongCase); o.code() != errUnknownMember || o["expectedException"] != true {
		t.Errorf("generateBarcodes: %v", o)
	}
}

func TestInstitution_IsFoundByHostAndByToken(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "stadium")
	for _, host := range []string{"stadium.localhost:8099", "STADIUM.ws.example", "127.0.0.1:8099"} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+host+"/tnseb/backend-apis/catalogService/v1_33/getPOSConfig", strings.NewReader(`{}`))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+d.token())
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		if !strings.Contains(w.Body.String(), `"institCode":"STADIUM"`) {
			t.Errorf("%s: %d %s", host, w.Code, w.Body)
		}
	}
}

func TestAnswer_IsPackedWhenAsked(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	plain := d.must("catalogService", "getPOSConfig", object{})
	_, packed, err := d.send("/tnseb/backend-apis/catalogService/v1_33/getPOSConfig", object{}, "Accept-Encoding", "gzip")
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(strings.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	var o object
	if err := json.NewDecoder(z).Decode(&o); err != nil || o.get("posConfigData").str("posCode") != plain.get("posConfigData").str("posCode") {
		t.Errorf("%v %v", o, err)
	}
}

func TestRate_TheCallAfterTheLastOfTheMinute_IsRefusedUntilTheNext(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, func(p *Platform) { p.RatePerMinute = 0 })
	d, other := at(t, p, "theatre"), at(t, p, "museum")
	for range 180 {
		if status, _, _ := d.send(alive, object{}); status != 200 {
			t.Fatalf("refused early: %d", status)
		}
	}
	status, text, _ := d.send("/tnseb/backend-apis/externalOrderService/v1_33/getOrderDetails", object{"orderId": 1})
	if status != 509 || !strings.Contains(text, "<html>") {
		t.Errorf("%d %s", status, text)
	}
	if status, _, _ := other.send(alive, object{}); status != 200 {
		t.Errorf("the neighbour pays: %d", status)
	}
	p.Clock.Advance(time.Minute)
	if status, _, _ := d.send(alive, object{}); status != 200 {
		t.Errorf("next minute: %d", status)
	}
}

func TestCatalogSpacing_CountsNewWorkOnly(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, func(p *Platform) { p.CatalogSpacing, p.AsyncCatalog, p.LimitStatus = 0, true, 429 })
	d := at(t, p, "theatre")
	const path = "/tnseb/backend-apis/catalogService/v1_33/getCatalogDetailed"

	first := d.call("catalogService", "getCatalogDetailed", object{})
	if first.code() != "in_progress" || first["catalogData"] != nil {
		t.Fatalf("first: %v", first)
	}
	if status, _, _ := d.send(path, object{"productCode": "HAMLET"}); status != 429 {
		t.Errorf("another question gets the parked answer: %d", status)
	}
	got := d.must("catalogService", "getCatalogDetailed", object{"requestId": first.id("requestId")})
	if got.id("requestId") != first.id("requestId") || len(got.get("catalogData").list("seasons")) != 1 {
		t.Errorf("poll: no catalog under the same id")
	}
	if status, _, _ := d.send(path, object{}); status != 429 {
		t.Errorf("too soon: %d", status)
	}
	p.Clock.Advance(10 * time.Minute)
	if o := d.call("catalogService", "getCatalogDetailed", object{}); o.code() != "in_progress" {
		t.Errorf("after the spacing: %v", o.code())
	}
	if o := d.call("catalogService", "getCatalogDetailed", object{}); o.code() != "success" {
		t.Errorf("the same question without the id: %v", o.code())
	}
}

func TestServer_DroppedConnection_IsAnErrorOnTheWireToo(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	d := at(t, p, "theatre")
	post := func() (string, error) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/theatre"+alive, strings.NewReader(`{}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+d.token())
		res, err := server.Client().Do(r)
		if err != nil {
			return "", err
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		return string(b), err
	}
	p.Fault("isCatalogServiceAlive", Fault{Kind: CutAfterCommit})
	if text, err := post(); err == nil {
		t.Errorf("cut: %q", text)
	}
	p.Fault("isCatalogServiceAlive", Fault{Kind: HalfBody})
	if text, err := post(); !errors.Is(err, io.ErrUnexpectedEOF) || text == "" {
		t.Errorf("half: %q %v", text, err)
	}
	if text, err := post(); err != nil || !strings.Contains(text, "success") {
		t.Errorf("afterwards: %q %v", text, err)
	}
}
