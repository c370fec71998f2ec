package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"guichet/domain/delivery"
	"guichet/templates"
)

func (p *program) layoutsPreview() *cobra.Command {
	var listen, payload, fonts string
	cmd := &cobra.Command{
		Use: "preview FILE", Short: "Show a layout with sample tickets in the browser while it is edited", Args: cobra.ExactArgs(1),
		Long: "Preview serves a page on this machine that shows the layout with sample tickets and what is wrong with it. It looks\n" +
			"at the file twice a second and shows the new one when it was saved.",
		RunE: func(cmd *cobra.Command, files []string) error {
			return p.previewLayout(cmd.Context(), files[0], listen, payload, fonts)
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:8370", "address, on this machine only; port 0 picks one")
	cmd.Flags().StringVar(&fonts, "fonts", setting(p.environ, "GUICHET_FONTS"), "folder of your own fonts")
	cmd.Flags().StringVar(&payload, "payload", "", "a barcode's payload as long as yours become (default 24 digits)")
	return cmd
}

func (p *program) previewLayout(ctx context.Context, file, listen, payload, fonts string) error {
	host, _, err := net.SplitHostPort(listen)
	if err != nil || !loopback(host) {
		return fmt.Errorf("invalid argument %q: the preview listens on this machine only, such as 127.0.0.1:8370", listen)
	}
	beside, name, err := besideFile(file)
	if err != nil {
		return err
	}
	defer func() { _ = beside.Close() }() // it was only read
	if _, err := beside.Stat(name); err != nil {
		return err
	}
	r, err := templates.New(templates.Options{Fonts: folder(fonts)})
	if err != nil {
		return err
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", listen)
	if err != nil {
		return err
	}
	v := newLayoutPreview(r, beside.FS(), name, payload)
	srv := &http.Server{Handler: v.handler(l.Addr().String()), ReadHeaderTimeout: 5 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = srv.Close() })
	defer stop()
	fmt.Fprintf(p.out, "http://%s shows %s; Ctrl-C ends\n", l.Addr(), file)
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// preview is the page that shows a layout.
type preview struct {
	name, payload string
	show          func(ctx context.Context) (*templates.LayoutPreview, error)
	check         func(ctx context.Context) (delivery.Layout, error)
}

func newLayoutPreview(r *templates.Renderer, folder fs.FS, name, payload string) *preview {
	return &preview{
		name: name, payload: payload,
		show: func(ctx context.Context) (*templates.LayoutPreview, error) { return r.PreviewLayout(ctx, folder, name) },
		check: func(ctx context.Context) (delivery.Layout, error) {
			return r.CheckLayout(ctx, folder, name, templates.Try{Payload: payload})
		},
	}
}

// handler answers requests that name the preview's own address: a page elsewhere that points its name here learns nothing.
func (v *preview) handler(address string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'")
		var options strings.Builder
		for _, s := range delivery.Symbologies() {
			options.WriteString("<option>" + string(s))
		}
		_, _ = io.WriteString(w, strings.Replace(previewPage, "{symbologies}", options.String(), 1)) // a browser that left cannot be told
	})
	mux.HandleFunc("GET /state", v.state)
	mux.HandleFunc("GET /page.svg", v.page)
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		host, _, err := net.SplitHostPort(q.Host)
		if q.Host != address && (err != nil || !loopback(host)) {
			http.Error(w, "this is another address", http.StatusMisdirectedRequest)
			return
		}
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		mux.ServeHTTP(w, q)
	})
}

// previewState is what the page asks for twice a second.
type previewState struct {
	File     string   `json:"file"`
	Digest   string   `json:"digest"` // of the file as it is
	Paper    string   `json:"paper"`
	Problems []string `json:"problems"`
}

func (v *preview) state(w http.ResponseWriter, q *http.Request) {
	out := previewState{File: v.name, Problems: []string{}}
	shown, err := v.show(q.Context())
	if err == nil {
		out.Digest = shown.Layout.Digest
		out.Paper = measures(shown.Layout)
		if q.URL.Query().Get("known") == out.Digest {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		_, err = v.check(q.Context())
	}
	var wrong templates.LayoutProblems
	switch {
	case errors.As(err, &wrong):
		for _, p := range wrong {
			out.Problems = append(out.Problems, p.String())
		}
	case err != nil:
		out.Problems = append(out.Problems, err.Error())
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(out) // a browser that left cannot be told
}

func (v *preview) page(w http.ResponseWriter, q *http.Request) {
	get := q.URL.Query().Get
	shown, err := v.show(q.Context())
	if err == nil {
		code := delivery.Symbology(get("symbology"))
		if code == "" {
			code = delivery.Code128
		}
		n := 1
		if shown.Layout.Order {
			n = 5
		}
		var b bytes.Buffer
		err = shown.SVG(q.Context(), &b, templates.SampleDocument(templates.Sample{
			Language: get("lang"), Symbology: code, Kind: get("kind"), Longest: get("longest") != "", N: n, Barcode: v.payload,
		}))
		if err == nil {
			w.Header().Set("Content-Type", "image/svg+xml")
			_, _ = w.Write(b.Bytes()) // a browser that left cannot be told
			return
		}
	}
	http.Error(w, err.Error(), http.StatusUnprocessableEntity)
}

const previewPage = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Layout preview</title>
<style>
body{font:15px/1.4 system-ui,sans-serif;margin:0;background:#e9ecf0;color:#171b22}
header{position:sticky;top:0;background:#fff;padding:.6em 1em;display:flex;gap:1em;flex-wrap:wrap;align-items:center;box-shadow:0 1px 3px #0002}
h1{font-size:1em;margin:0}small{color:#5a6372}
ul{margin:1em;padding:.8em 1em .8em 2.2em;background:#fdecea;border-radius:6px;color:#8c1d18;font-family:ui-monospace,monospace;font-size:13px}
ul:empty{display:none}
main{padding:1em;text-align:center}img{background:#fff;box-shadow:0 2px 12px #0003;max-width:100%;height:auto}
</style>
<header><h1 id="file">…</h1><small id="paper"></small>
<label>Language <select id="lang"><option>en<option>fr<option>de<option>es<option>it<option>nl<option>pl<option>pt<option>el<option>ru<option>ar<option>he<option>hi<option>th<option>zh<option>ja<option>ko</select></label>
<label>Barcode <select id="symbology">{symbologies}</select></label>
<label>Kind <select id="kind"><option value="event">numbered seat<option value="service">timed entry<option value="pass">undated pass</select></label>
<label><input type="checkbox" id="longest"> longest texts</label></header>
<ul id="problems" aria-live="polite"></ul><main><img id="page" alt="The page with a sample ticket"></main>
<script>
const $=id=>document.getElementById(id);let known="";
function draw(){const q=new URLSearchParams({lang:$("lang").value,symbology:$("symbology").value,kind:$("kind").value,v:known});
if($("longest").checked)q.set("longest","1");$("page").src="/page.svg?"+q}
async function look(){try{const a=await fetch("/state?known="+known);if(a.status===200){const s=await a.json();
$("file").textContent=s.file;$("paper").textContent=s.paper;$("problems").replaceChildren(...s.problems.map(t=>{const li=document.createElement("li");li.textContent=t;return li}));
if(!s.digest)known="";else if(s.digest!==known){known=s.digest;draw()}}}catch(e){$("paper").textContent="the preview has ended"}
setTimeout(look,500)}
for(const id of ["lang","symbology","kind","longest"])$(id).addEventListener("change",draw);look();
</script></html>
`
