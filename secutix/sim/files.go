package sim

import (
	"encoding/base64"
	"slices"

	"guichet/secutix/s360"
)

// The bounds of what a file and an order may carry.
const (
	maxAttachments  = 20
	maxAttachment   = 512 << 10 // bytes
	maxReferences   = 50
	maxReferenceLen = 255
	maxPersonLen    = 255
)

// fileMethods are the methods of ExternalOrderService beside paying, asking and releasing.
func fileMethods() []method {
	return []method{
		{name: "getFileDetails", do: (*Platform).getFileDetails, order: true, request: s360.FileDetailsRequest{}, result: s360.FileDetailResult{}},
		{name: "getFileDetailsFromOrderSecretId", do: (*Platform).getFileDetailsFromOrderSecretID, order: true, request: s360.FileDetailsFromOrderSecretIDRequest{}, result: s360.FileDetailResult{}},
		{name: "cancelOperations", do: (*Platform).cancelOperations, order: true, request: s360.CancelOperationsRequest{}, result: s360.OrderUpdateResult{}},
		{name: "updateExternalReferences", do: (*Platform).updateExternalReferences, request: s360.UpdateExternalReferencesRequest{}, result: s360.WebMethodResult{}},
		{name: "getExternalReference", do: (*Platform).getExternalReference, request: s360.GetExternalReferenceRequest{}, result: s360.ExternalReferenceResult{}},
		{name: "updateFileStatus", do: (*Platform).updateFileStatus, request: s360.UpdateFileStatusRequest{}, result: s360.WebMethodResult{}},
		{name: "uploadFileAttachment", do: (*Platform).uploadFileAttachment, request: s360.UploadFileAttachmentRequest{}, result: s360.WebMethodResult{}},
		{name: "getFileAttachment", do: (*Platform).getFileAttachment, request: s360.FileAttachmentRequest{}, result: s360.PrintableFileAttachmentResult{}},
		{name: "deleteFileAttachment", do: (*Platform).deleteFileAttachment, request: s360.FileAttachmentRequest{}, result: s360.WebMethodResult{}},
		{name: "setMovementContactData", do: (*Platform).setMovementContactData, request: s360.SetMovementContactDataRequest{}, result: s360.WebMethodResult{}},
	}
}

func (p *Platform) getFileDetails(c *call) (any, *refusal) {
	var q s360.FileDetailsRequest
	if no := p.read(c, &q); no != nil {
		return nil, no
	}
	f := c.in.files[int64(q.FileID)]
	if f == nil {
		return nil, refuse(errFile, "no file %d", q.FileID)
	}
	return c.fileResult(f), nil
}

func (p *Platform) getFileDetailsFromOrderSecretID(c *call) (any, *refusal) {
	var q s360.FileDetailsFromOrderSecretIDRequest
	if no := p.read(c, &q); no != nil {
		return nil, no
	}
	for _, o := range c.in.orders {
		if q.OrderSecretID != "" && o.Secret == q.OrderSecretID {
			return c.fileResult(c.in.files[o.File]), nil
		}
	}
	return nil, refuse(errOrderUnknown, "no order with this secret")
}

func (c *call) fileResult(f *file) s360.FileDetailResult {
	d := &s360.FileDetailsData{
		FileID: s360.ID(f.ID), FileState: c.in.fileState(f), FileStatusIC: f.Status, LastModDateTime: s360.At(f.Modified.UTC()), FileContacts: f.Contacts,
	}
	for _, a := range f.Attachments {
		d.FileAttachments = append(d.FileAttachments, s360.FileAttachmentData{
			FileAttachmentID: s360.ID(a.ID), Name: a.Name, UploadDate: s360.At(a.Uploaded.UTC()),
		})
	}
	out := s360.FileDetailResult{OrderResult: c.orderOK(), FileDetailsData: d}
	for _, id := range f.Orders {
		out.OrderDetailsDatas = append(out.OrderDetailsDatas, *c.in.details(c.in.orders[id], s360.GranularityTickets, c.now))
	}
	return out
}

// fileState tells a file's state from its orders. What stands on the pending account is sold and not settled.
func (in *institution) fileState(f *file) string {
	running, sold, good := false, false, false
	var owed, amount int64
	for _, id := range f.Orders {
		o := in.orders[id]
		running = running || o.State == stateRunning
		if o.State != stateClosed || isRefund(o.Type) {
			continue
		}
		sold, owed, amount = true, owed+in.onAccount(o), amount+o.Amount
		for _, op := range o.Operations {
			good = good || slices.ContainsFunc(op.Movements, func(m *movement) bool { return !m.Dropped && m.Cancelled == 0 })
		}
	}
	switch {
	case sold && good && owed == 0 && amount > 0:
		return s360.FileSolded
	case sold && good && owed < amount:
		return s360.FilePartSolded
	case sold && good:
		return s360.FileNotSolded
	case sold:
		return s360.FileCanceled
	case running:
		return s360.FileRunning
	}
	return s360.FileAbandoned
}

func (p *Platform) cancelOperations(c *call) (any, *refusal) {
	var q s360.CancelOperationsRequest
	if no := p.read(c, &q); no != nil {
		return nil, no
	}
	o, no := c.in.openOrder(int64(q.OrderID))
	if no != nil {
		return nil, no
	}
	var ids, fees []int64
	add := func(id int64) {
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	for _, id := range q.OperationIDs {
		i := slices.IndexFunc(o.Operations, func(op *operation) bool { return op.ID == int64(id) && op.quantity() > 0 })
		if i < 0 {
			return nil, refuse(errOperation, "order %d has no operation %d", o.ID, id)
		}
		if o.Operations[i].Charge != 0 {
			fees = append(fees, int64(id))
		}
		for _, m := range c.in.movementsOf(o.Operations[i]) {
			add(m.ID)
		}
	}
	for _, id := range q.MovementIDs {
		if !o.holds(int64(id)) {
			return nil, refuse(errMovement, "order %d has no movement %d", o.ID, id)
		}
		add(int64(id))
	}
	if len(ids)+len(fees) == 0 {
		return nil, refuse(errMissing, "operationIds or movementIds")
	}
	return p.drop(c, o, ids, fees)
}

// ordered finds what an external reference is of.
func (c *call) ordered(kind string, id s360.ID) (*order, *refusal) {
	if kind != s360.ReferenceKindOrder {
		return nil, refuse(errReferenceKind, "no references of kind %q", kind)
	}
	o := c.in.orders[int64(id)]
	if o == nil {
		return nil, refuse(errOrderUnknown, "no order %d", id)
	}
	return o, nil
}

func (p *Platform) updateExternalReferences(c *call) (any, *refusal) {
	var q s360.UpdateExternalReferencesRequest
	if no := p.read(c, &q); no != nil {
		return nil, no
	}
	o, no := c.ordered(q.ExternalReferenceKind, q.ID)
	if no != nil {
		return nil, no
	}
	if len(q.ExternalReference) == 0 {
		return nil, refuse(errMissing, "externalReference")
	}
	next := o.aside
	next.Keys = slices.Clone(o.Keys)
	for _, ref := range q.ExternalReference {
		if ref.Key == "" || len(ref.Key) > maxReferenceLen || len(ref.Value) > maxReferenceLen {
			return nil, refuse(errInvalid, "a key is 1 to %d bytes, a value at most as long", maxReferenceLen)
		}
		if i := slices.IndexFunc(next.Keys, func(k s360.ExternalReference) bool { return k.Key == ref.Key }); i >= 0 {
			next.Keys[i].Value = ref.Value
			continue
		}
		next.Keys = append(next.Keys, ref)
	}
	if len(next.Keys) > maxReferences {
		return nil, refuse(errLimitReached, "an order has at most %d references", maxReferences)
	}
	return p.setAside(c, o, next)
}

// setAside changes what an order knows beside its lines.
func (p *Platform) setAside(c *call, o *order, next aside) (any, *refusal) {
	if err := p.commit(c.in, change{At: c.now, Do: doAside, ID: o.ID, Life: &lifeChange{Aside: &next}}); err != nil {
		return nil, p.broken(c, err)
	}
	return s360.WebMethodResult{Result: c.ok()}, nil
}

func (p *Platform) getExternalReference(c *call) (any, *refusal) {
	var q s360.GetExternalReferenceRequest
	if no := p.read(c, &q); no != nil {
		return nil, no
	}
	o, no := c.ordered(q.ExternalReferenceKind, q.ID)
	if no != nil {
		return nil, no
	}
	return s360.ExternalReferenceResult{Result: c.ok(), ExternalReferences: &s360.ExternalReferences{ID: q.ID, ExternalReferences: o.Keys}}, nil
}

func (p *Platform) updateFileStatus(c *call) (any, *refusal) {
	var q s360.UpdateFileStatusRequest
	if no := p.read(c, &q); no != nil {
		return nil, no
	}
	if len(q.FileStatusIC) > maxReferenceLen {
		return nil, refuse(errInvalid, "fileStatusIC is too long")
	}
	return p.onFile(c, q.FileID, &lifeChange{Status: &q.FileStatusIC})
}

// onFile changes a file.
func (p *Platform) onFile(c *call, id s360.ID, life *lifeChange) (any, *refusal) {
	if c.in.files[int64(id)] == nil {
		return nil, refuse(errFile, "no file %d", id)
	}
	if err := p.commit(c.in, change{At: c.now, Do: doFile, ID: int64(id), Life: life}); err != nil {
		return nil, p.broken(c, err)
	}
	return s360.WebMethodResult{Result: c.ok()}, nil
}

func (p *Platform) uploadFileAttachment(c *call) (any, *refusal) {
	var q s360.UploadFileAttachmentRequest
	if no := p.read(c, &q); no != nil {
		return nil, no
	}
	d := q.PrintableFileAttachmentData
	data, err := base64.StdEncoding.DecodeString(d.Data)
	f := c.in.files[int64(q.FileID)]
	switch {
	case f == nil:
		return nil, refuse(errFile, "no file %d", q.FileID)
	case err != nil:
		return nil, refuse(errInvalid, "data is not base64")
	case d.FileName == "" || len(d.FileName) > maxReferenceLen || len(d.MimeType) > maxReferenceLen:
		return nil, refuse(errInvalid, "fileName is 1 to %d bytes, mimetype at most as long", maxReferenceLen)
	case len(data) == 0 || len(data) > maxAttachment:
		return nil, refuse(errLimitReached, "an attachment is 1 to %d bytes", maxAttachment)
	case len(f.Attachments) >= maxAttachments:
		return nil, refuse(errLimitReached, "a file has at most %d attachments", maxAttachments)
	case q.ContactReference != "" && !c.in.knowsContact(q.ContactReference):
		return nil, refuse(errContact, "no contact %s", q.ContactReference)
	}
	a := &attachment{ID: max(c.in.lastAttachment+1, c.in.number(kindAttachment, 1)), Name: d.FileName, Kind: d.MimeType, Data: d.Data, Uploaded: c.now}
	if !d.UploadDate.IsZero() {
		a.Uploaded = d.UploadDate.UTC()
	}
	return p.onFile(c, q.FileID, &lifeChange{Attach: a})
}

// attached finds an attachment and the file it is on.
func (in *institution) attached(id int64) (*file, *attachment) {
	for _, f := range in.files {
		for _, a := range f.Attachments {
			if a.ID == id {
				return f, a
			}
		}
	}
	return nil, nil
}

func (p *Platform) getFileAttachment(c *call) (any, *refusal) {
	var q s360.FileAttachmentRequest
	if no := p.read(c, &q); no != nil {
		return nil, no
	}
	_, a := c.in.attached(int64(q.FileAttachmentID))
	if a == nil {
		return nil, refuse(errAttachment, "no attachment %d", q.FileAttachmentID)
	}
	return s360.PrintableFileAttachmentResult{Result: c.ok(), FileAttachment: &s360.PrintableFileAttachmentData{
		Data: a.Data, FileName: a.Name, MimeType: a.Kind, UploadDate: s360.At(a.Uploaded.UTC()),
	}}, nil
}

func (p *Platform) deleteFileAttachment(c *call) (any, *refusal) {
	var q s360.FileAttachmentRequest
	if no := p.read(c, &q); no != nil {
		return nil, no
	}
	f, a := c.in.attached(int64(q.FileAttachmentID))
	if a == nil {
		return nil, refuse(errAttachment, "no attachment %d", q.FileAttachmentID)
	}
	return p.onFile(c, s360.ID(f.ID), &lifeChange{Detach: a.ID})
}

func (p *Platform) setMovementContactData(c *call) (any, *refusal) {
	var q s360.SetMovementContactDataRequest
	if no := p.read(c, &q); no != nil {
		return nil, no
	}
	o := c.in.orders[int64(q.OrderID)]
	switch {
	case o == nil:
		return nil, refuse(errOrderUnknown, "no order %d", q.OrderID)
	case o.State == stateAbandoned:
		return nil, refuse(errAbandoned, "order %d is abandoned", o.ID)
	case len(q.MovementContacts) == 0:
		return nil, refuse(errMissing, "movementContacts")
	}
	for _, w := range q.MovementContacts {
		at, ok := c.in.moves[int64(w.MovementID)]
		switch {
		case !ok || at.order != o || at.m.Dropped:
			return nil, refuse(errMovement, "order %d has no movement %d", o.ID, w.MovementID)
		case w.ContactReference != "" && !c.in.knowsContact(w.ContactReference):
			return nil, refuse(errContact, "no contact %s", w.ContactReference)
		case w.ContactReference == "" && w.LastName == "":
			return nil, refuse(errContactNeeded, "movement %d needs a contactReference or a lastName", w.MovementID)
		case len(w.FirstName)+len(w.LastName)+len(w.Email) > 3*maxPersonLen:
			return nil, refuse(errInvalid, "a name is too long")
		}
	}
	if err := p.commit(c.in, change{At: c.now, Do: doOwner, ID: o.ID, Life: &lifeChange{Owners: q.MovementContacts}}); err != nil {
		return nil, p.broken(c, err)
	}
	return s360.WebMethodResult{Result: c.ok()}, nil
}
