//go:build unix

package torture

import "syscall"

// freeze stops the process where it is; thaw lets it go on.
func (p *process) freeze() { _ = p.cmd.Process.Signal(syscall.SIGSTOP) }

func (p *process) thaw() { _ = p.cmd.Process.Signal(syscall.SIGCONT) }
