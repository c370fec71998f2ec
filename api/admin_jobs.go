package api

import (
	"context"
	"time"
)

type jobDTO struct {
	Name         string    `json:"name"`
	Queue        string    `json:"queue"`
	EverySeconds int64     `json:"every_seconds,omitempty" doc:"absent: no schedule"`
	LastRun      time.Time `json:"last_run,omitzero"`
	LastOutcome  string    `json:"last_outcome,omitempty" doc:"what the last good run did"`
	LastError    string    `json:"last_error,omitempty" doc:"of the last failed run"`
	NextRun      time.Time `json:"next_run,omitzero"`
	Waiting      int       `json:"waiting"`
	Failed       int       `json:"failed"`
}

type jobPageOutput struct {
	Body struct {
		Items []jobDTO `json:"items" nullable:"false"`
		Next  *string  `json:"next" doc:"always null"`
	} `nameHint:"JobPage"`
}

func (s *server) adminJobs(ctx context.Context, _ *struct{}) (*jobPageOutput, error) {
	jobs, err := s.Jobs.List(ctx)
	if err != nil {
		return nil, err
	}
	out := &jobPageOutput{}
	out.Body.Items = make([]jobDTO, 0, len(jobs))
	for _, j := range jobs {
		out.Body.Items = append(out.Body.Items, jobDTO{
			Name: j.Name, Queue: j.Queue, EverySeconds: int64(j.Every / time.Second), LastRun: in(j.LastRun, time.UTC), LastOutcome: j.LastOutcome,
			LastError: j.LastError, NextRun: in(j.NextRun, time.UTC), Waiting: j.Waiting, Failed: j.Failed,
		})
	}
	return out, nil
}

type runJobInput struct {
	Job string `path:"job" doc:"name of the job" example:"catalog.refresh"`
}

type runJobOutput struct {
	Status int
	Body   struct {
		Job    string `json:"job"`
		Queued bool   `json:"queued"`
	} `nameHint:"JobQueued"`
}

func (s *server) adminRunJob(ctx context.Context, in *runJobInput) (*runJobOutput, error) {
	if err := s.Jobs.Run(ctx, in.Job); err != nil {
		return nil, err
	}
	out := &runJobOutput{Status: 202}
	out.Body.Job, out.Body.Queued = in.Job, true
	return out, nil
}
