package api

import (
	"context"
	"net/http"
	"time"

	"guichet/domain"
	"guichet/domain/storefront"
)

type keyDTO struct {
	ID           string    `json:"id" example:"key_01J9ZZ0Q2V4T1T3E8Z0K9Q2M7A"`
	PublicID     string    `json:"public_id" doc:"the part of the token between gk_ and the secret"`
	Storefront   string    `json:"storefront"`
	Label        string    `json:"label,omitempty"`
	Scopes       []string  `json:"scopes" nullable:"false"`
	Institutions []string  `json:"institutions,omitempty" nullable:"false" doc:"absent: all"`
	CreatedAt    time.Time `json:"created_at"`
	ExpiresAt    time.Time `json:"expires_at,omitzero" doc:"absent: never"`
	RevokedAt    time.Time `json:"revoked_at,omitzero"`
}

type madeKeyDTO struct {
	Key   keyDTO `json:"key"`
	Token string `json:"token" doc:"to be sent as Authorization: Bearer; shown this once" example:"gk_0123456789ab_..."`
}

func toKey(k *storefront.Key) keyDTO {
	d := keyDTO{
		ID: k.ID, PublicID: k.PublicID, Storefront: k.Storefront, Label: k.Label, Scopes: make([]string, 0, len(k.Scopes)),
		CreatedAt: in(k.CreatedAt, time.UTC), ExpiresAt: in(k.ExpiresAt, time.UTC), RevokedAt: in(k.RevokedAt, time.UTC),
	}
	for _, sc := range k.Scopes {
		d.Scopes = append(d.Scopes, string(sc))
	}
	for _, code := range k.Institutions {
		d.Institutions = append(d.Institutions, string(code))
	}
	return d
}

type keyPageOutput struct {
	Body struct {
		Items []keyDTO `json:"items" nullable:"false"`
		Next  *string  `json:"next" doc:"always null"`
	} `nameHint:"KeyPage"`
}

func (s *server) adminKeys(ctx context.Context, _ *struct{}) (*keyPageOutput, error) {
	keys, err := s.Storefront.Keys(ctx)
	if err != nil {
		return nil, err
	}
	out := &keyPageOutput{}
	out.Body.Items = make([]keyDTO, 0, len(keys))
	for i := range keys {
		out.Body.Items = append(out.Body.Items, toKey(&keys[i]))
	}
	return out, nil
}

type createKeyInput struct {
	Body keyRequest
}

type keyRequest struct {
	Storefront   string     `json:"storefront" maxLength:"64" doc:"1 to 64 lower-case letters, digits, - and _; orders belong to it" example:"web"`
	Label        string     `json:"label,omitempty" maxLength:"200" doc:"for people"`
	Scopes       []string   `json:"scopes" nullable:"false" minItems:"1" enum:"catalog,sell,deliver,gate,finance,admin"`
	Institutions []string   `json:"institutions,omitempty" nullable:"false" minItems:"1" doc:"codes; absent: all"`
	ExpiresAt    *time.Time `json:"expires_at,omitempty" doc:"absent: never"`
}

type createKeyOutput struct {
	Status int
	Body   madeKeyDTO
}

func (s *server) adminCreateKey(ctx context.Context, in *createKeyInput) (*createKeyOutput, error) {
	n := storefront.NewKey{Storefront: in.Body.Storefront, Label: in.Body.Label}
	for _, sc := range in.Body.Scopes {
		n.Scopes = append(n.Scopes, storefront.Scope(sc))
	}
	for _, code := range in.Body.Institutions {
		n.Institutions = append(n.Institutions, domain.InstitutionCode(code))
	}
	if in.Body.ExpiresAt != nil {
		n.ExpiresAt = in.Body.ExpiresAt.UTC().Truncate(time.Millisecond)
	}
	k, token, err := s.Storefront.Create(ctx, n)
	if err != nil {
		return nil, err
	}
	return &createKeyOutput{Status: http.StatusCreated, Body: madeKeyDTO{Key: toKey(&k), Token: token.Reveal()}}, nil
}

type keyInput struct {
	ID string `path:"id" doc:"id of the key"`
}

type keyOutput struct{ Body keyDTO }

func (s *server) adminRevokeKey(ctx context.Context, in *keyInput) (*keyOutput, error) {
	k, err := s.Storefront.Revoke(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &keyOutput{Body: toKey(&k)}, nil
}
