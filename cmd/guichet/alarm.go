package main

import (
	"log/slog"

	"guichet/domain/account"
	"guichet/domain/quota"
)

// alarm tells the log that a month runs out; metrics and GET /v1/admin/quota show the same.
func (a *app) alarm(al quota.Alarm) {
	what := "the month's calls are used up beyond an alarm line"
	if al.Percent == 0 {
		what = "by the forecast the month's calls will not last"
	}
	a.log.Warn(what, slog.String("institution", string(al.Institution)), slog.String("month", al.Month), slog.Int("percent", al.Percent),
		slog.Bool("forecast", al.Forecast))
}

// alarmAccount tells the log that little is left of what may be owed; metrics and GET /v1/admin/pending-account show the same.
func (a *app) alarmAccount(al account.Alarm) {
	a.log.Warn("what we owe the institution nears its limit", slog.String("institution", string(al.Institution)), slog.Int("percent", al.Percent),
		slog.String("owed", al.Owed.String()), slog.String("limit", al.Most.String()))
}
