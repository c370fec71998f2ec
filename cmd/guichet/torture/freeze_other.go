//go:build !unix

package torture

// freeze and thaw do nothing where a process cannot be stopped and go on; time moves all the same.
func (p *process) freeze() {}

func (p *process) thaw() {}
