package main

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"guichet/domain"
	"guichet/domain/delivery"
	"guichet/domain/freshness"
	"guichet/domain/quota"
)

// metrics is everything that Prometheus can read of us.
type metrics struct {
	registry   *prometheus.Registry
	requests   *prometheus.HistogramVec
	calls      *prometheus.HistogramVec
	bytes      *prometheus.CounterVec
	jobs       *prometheus.CounterVec
	pushes     *prometheus.CounterVec
	unreadable prometheus.Counter
	replaced   prometheus.Counter
	kinds      sync.Map // requestKind to its prometheus.Observer: finding one by its labels takes longer than counting
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "guichet_http_request_seconds", Help: "Time to answer, by operation and status.",
			Buckets: []float64{.0005, .001, .002, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"operation", "method", "status"}),
		calls: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "guichet_platform_call_seconds", Help: "Time of a call to S-360, by institution, method, class and outcome.",
			Buckets: []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"institution", "call", "class", "outcome"}),
		bytes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "guichet_platform_bytes_total", Help: "Bytes on the wire to and from S-360.",
		}, []string{"institution", "direction"}),
		jobs: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "guichet_job_runs_total", Help: "Runs of background jobs, by outcome.",
		}, []string{"job", "outcome"}),
		pushes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "guichet_pushes_total", Help: "Things that S-360's webhooks brought, by kind; other is not understood.",
		}, []string{"institution", "kind"}),
		unreadable: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "guichet_barcodes_unreadable_total", Help: "Tickets that were not released since their barcode was not read back.",
		}),
		replaced: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "guichet_tickets_with_missing_glyphs_total", Help: "Files printed with a replacement for characters that no font has.",
		}),
	}
	m.registry.MustRegister(m.requests, m.calls, m.bytes, m.jobs, m.pushes, m.unreadable, m.replaced, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// missingGlyphs counts a printed file in which some characters are replaced. The log names their code points.
func (m *metrics) missingGlyphs(int) { m.replaced.Inc() }

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

func (m *metrics) observeRequest(operation, method string, status int, took time.Duration) {
	kind := requestKind{operation, method, status}
	known, ok := m.kinds.Load(kind)
	if !ok {
		known, _ = m.kinds.LoadOrStore(kind, m.requests.WithLabelValues(operation, method, strconv.Itoa(status)))
	}
	known.(prometheus.Observer).Observe(took.Seconds())
}

// requestKind is what answered requests are counted by. There are as many as operations and statuses.
type requestKind struct {
	operation, method string
	status            int
}

func (m *metrics) observePush(code domain.InstitutionCode, kind string, n int) {
	m.pushes.WithLabelValues(string(code), kind).Add(float64(n))
}

func (m *metrics) observeJob(kind string, err error) {
	outcome := "ok"
	if err != nil {
		outcome = "failed"
	}
	m.jobs.WithLabelValues(kind, outcome).Inc()
}

// watch reads, at each scrape, what the services know.
func (m *metrics) watch(a *app) { m.registry.MustRegister(&watcher{a: a}) }

// watcher collects gauges from the services when Prometheus asks.
type watcher struct{ a *app }

var (
	descOrders  = prometheus.NewDesc("guichet_orders", "Orders by status; one that stays in an …ing status needs a look.", []string{"institution", "status"}, nil)
	descCatalog = prometheus.NewDesc("guichet_catalog_age_seconds", "Age of the catalog that serves, since the platform last confirmed it.", []string{"institution"}, nil)
	descAvail   = prometheus.NewDesc("guichet_availability_age_seconds", "Time since any availability was read or confirmed.", []string{"institution"}, nil)
	descLeft    = prometheus.NewDesc("guichet_quota_calls_left", "Calls to S-360 left this month.", []string{"institution"}, nil)
	descRate    = prometheus.NewDesc("guichet_quota_per_minute", "Calls a minute in force: lower after refusals, raised in a peak window.", []string{"institution"}, nil)
	descAlarm   = prometheus.NewDesc("guichet_quota_alarm_percent", "The alarm line passed this month: 0, 50, 80 or 95.", []string{"institution"}, nil)
	descCrosses = prometheus.NewDesc("guichet_quota_forecast_calls", "Calls at the end of the month, by the forecast.", []string{"institution"}, nil)
	descOrder   = prometheus.NewDesc("guichet_calls_per_sold_order", "Calls for selling and settling by orders sold, this month.", []string{"institution"}, nil)
	descOwed    = prometheus.NewDesc("guichet_account_owed", "What we owe the institution, in minor units of its currency.", []string{"institution", "currency"}, nil)
	descLimit   = prometheus.NewDesc("guichet_account_limit_percent", "How much of what may be owed is used, with what is under way; only with a limit.", []string{"institution"}, nil)
	descCases   = prometheus.NewDesc("guichet_reconciliation_cases", "Differences that reconciliation found and that are not gone, by state.", []string{"institution", "state"}, nil)
	descMails   = prometheus.NewDesc("guichet_mails", "E-mails to buyers that wait, and those that failed or bounced within the last day, by state.", []string{"institution", "state"}, nil)
	descMailAge = prometheus.NewDesc("guichet_mail_oldest_seconds", "How long ago the oldest e-mail that waits was asked for.", []string{"institution"}, nil)
	descPass    = prometheus.NewDesc("guichet_apple_certificate_seconds", "Time until Apple Wallet's certificate expires; only where there is one.", nil, nil)
	descUsed    = prometheus.NewDesc("guichet_quota_calls_month", "Calls to S-360 made this month.", []string{"institution"}, nil)
)

// Describe implements prometheus.Collector.
func (w *watcher) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descOrders, descCatalog, descAvail, descLeft, descUsed, descRate, descAlarm, descCrosses, descOrder, descOwed, descLimit, descCases, descMails, descMailAge, descPass} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (w *watcher) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second) //nolint:forbidigo // Prometheus gives no context
	defer cancel()
	if counts, err := w.a.db.Sales().CountOrders(ctx); err == nil {
		for _, c := range counts {
			ch <- prometheus.MustNewConstMetric(descOrders, prometheus.GaugeValue, float64(c.N), string(c.Institution), string(c.Status))
		}
	}
	if counts, err := w.a.db.Reconcile().CountCases(ctx); err == nil {
		for _, c := range counts {
			ch <- prometheus.MustNewConstMetric(descCases, prometheus.GaugeValue, float64(c.N), string(c.Institution), string(c.State))
		}
	}
	now := w.a.clock()
	w.collectMails(ctx, ch, now)
	if at := w.a.passCertificate; !at.IsZero() {
		ch <- prometheus.MustNewConstMetric(descPass, prometheus.GaugeValue, at.Sub(now).Seconds())
	}
	for _, code := range w.a.cfg.codes() {
		name := string(code)
		if st, err := w.a.catalog.State(ctx, code); err == nil && st.Version > 0 {
			ch <- prometheus.MustNewConstMetric(descCatalog, prometheus.GaugeValue, age(now, st.CheckedAt), name)
		}
		if v, err := w.a.catalog.View(code); err == nil {
			ch <- prometheus.MustNewConstMetric(descAvail, prometheus.GaugeValue, age(now, v.LatestAt()), name)
		}
		if st, err := w.a.account.Standing(ctx, code); err == nil && st.Owed.Currency != "" {
			ch <- prometheus.MustNewConstMetric(descOwed, prometheus.GaugeValue, float64(st.Owed.Amount), name, string(st.Owed.Currency))
			if st.Limit != nil {
				ch <- prometheus.MustNewConstMetric(descLimit, prometheus.GaugeValue, float64(st.Percent), name)
			}
		}
		if r, err := w.a.meter.Report(ctx, code); err == nil {
			u := r.Usage
			ch <- prometheus.MustNewConstMetric(descRate, prometheus.GaugeValue, float64(u.PerMinute), name)
			ch <- prometheus.MustNewConstMetric(descAlarm, prometheus.GaugeValue, float64(r.Alarm.Percent), name)
			ch <- prometheus.MustNewConstMetric(descCrosses, prometheus.GaugeValue, float64(r.Forecast.Expected), name)
			ch <- prometheus.MustNewConstMetric(descOrder, prometheus.GaugeValue, r.CallsPerSold, name)
			ch <- prometheus.MustNewConstMetric(descUsed, prometheus.GaugeValue, float64(u.Calls), name)
			if !u.Unmetered {
				ch <- prometheus.MustNewConstMetric(descLeft, prometheus.GaugeValue, float64(u.MonthCalls-u.Calls), name)
			}
		}
	}
}

// collectMails tells of the outbox.
func (w *watcher) collectMails(ctx context.Context, ch chan<- prometheus.Metric, now time.Time) {
	counts, err := w.a.db.Mails().CountMails(ctx, now.Add(-24*time.Hour))
	if err != nil {
		return
	}
	oldest := map[domain.InstitutionCode]float64{}
	for _, c := range counts {
		ch <- prometheus.MustNewConstMetric(descMails, prometheus.GaugeValue, float64(c.N), string(c.Institution), string(c.Status))
		if c.Status == delivery.MailQueued || c.Status == delivery.MailSending {
			oldest[c.Institution] = max(oldest[c.Institution], age(now, c.Oldest))
		}
	}
	for code, seconds := range oldest {
		ch <- prometheus.MustNewConstMetric(descMailAge, prometheus.GaugeValue, seconds, string(code))
	}
}

func age(now, at time.Time) float64 {
	if at.IsZero() {
		return 0
	}
	return now.Sub(at).Seconds()
}

// measured is the meter, with every call's time and bytes noted.
type measured struct {
	*quota.Meter
	m *metrics
}

// Leave implements secutix.Meter.
func (m measured) Leave(ctx context.Context, c quota.Call, r quota.Result) {
	m.Meter.Leave(ctx, c, r)
	freshness.Spend(ctx, r.BytesOut+r.BytesIn)
	m.m.calls.WithLabelValues(string(c.Institution), c.Service+"."+c.Method, string(c.Class), r.Outcome).Observe(r.Took.Seconds())
	m.m.bytes.WithLabelValues(string(c.Institution), "out").Add(float64(r.BytesOut))
	m.m.bytes.WithLabelValues(string(c.Institution), "in").Add(float64(r.BytesIn))
}
