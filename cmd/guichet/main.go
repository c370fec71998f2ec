package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// program is what every subcommand is given: nothing is read from the process behind its back.
type program struct {
	environ []string
	out     io.Writer
	err     io.Writer
}

// run is the whole program as a function: 0 is success, 1 a failure that was printed, 2 a wrong command line.
func run(ctx context.Context, args, environ []string, stdout, stderr io.Writer) int {
	p := &program{environ: environ, out: stdout, err: stderr}
	root := &cobra.Command{
		Use:           "guichet",
		Short:         "Sell a venue's SecuTix tickets from your own shop",
		Long:          "Guichet is the backend between a reseller's shop and SecuTix S-360: catalog, availability, orders, tickets.",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(
		p.demoCommand(), p.serveCommand(), p.doctorCommand(), p.syncCommand(), p.migrateCommand(), p.keysCommand(),
		p.configCommand(), p.simCommand(), p.tortureCommand(), p.quotaCommand(), p.accountCommand(), p.reconcileCommand(),
		p.layoutsCommand(), p.ticketsCommand(), p.versionCommand(),
	)
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errPrinted):
		return 1
	}
	fmt.Fprintln(stderr, "guichet:", strings.TrimSpace(err.Error()))
	if strings.HasPrefix(err.Error(), "unknown ") || strings.HasPrefix(err.Error(), "invalid argument") ||
		strings.HasPrefix(err.Error(), "accepts ") || strings.HasPrefix(err.Error(), "requires ") {
		fmt.Fprintln(stderr, "See: guichet --help")
		return 2
	}
	return 1
}

// errPrinted is a failure whose text is on the screen already.
var errPrinted = errors.New("printed")
