// The controllers of cert-manager that issue certificates from an ACME server by DNS-01, in a
// program of ours: the command of cert-manager itself is a module that no proxy serves, because it
// replaces its root module by a folder.
//
// Its flags and their defaults are those of that command. It takes no part in a leader election,
// and serves neither metrics nor health; Ingresses, Gateways and other kinds of issuers are left out.
package main

import (
	"context"
	"flag"
	"log"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/cert-manager/cert-manager/pkg/controller"
	_ "github.com/cert-manager/cert-manager/pkg/controller/acmechallenges"
	_ "github.com/cert-manager/cert-manager/pkg/controller/acmeorders"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/acme"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/approver"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/issuing"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/keymanager"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/readiness"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/requestmanager"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/revisionmanager"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/trigger"
	_ "github.com/cert-manager/cert-manager/pkg/controller/issuers"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/acme"
	logf "github.com/cert-manager/cert-manager/pkg/logs"
	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/api/resource"
)

// How many objects of one kind a controller works at: the default of --concurrent-workers.
const workers = 5

func main() {
	kubeconfig := flag.String("kubeconfig", "", "path of the kubeconfig")
	namespace := flag.String("namespace", "", "the one namespace to work in")
	nameservers := flag.String(
		"dns01-recursive-nameservers", "", "ADDRESS:PORT,… that are asked whether a record is there")
	retry := flag.Duration(
		"dns01-check-retry-period", 10*time.Second, "how long until that is asked again")
	flag.Parse()
	if *kubeconfig == "" || *namespace == "" || *nameservers == "" {
		log.Fatal("needs --kubeconfig, --namespace and --dns01-recursive-nameservers")
	}
	logf.InitLogs()
	defer logf.FlushLogs()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	chosen := options(*kubeconfig, *namespace, strings.Split(*nameservers, ","), *retry)
	if err := run(logf.NewContext(ctx, logf.Log, "controller"), chosen); err != nil {
		log.Fatal(err)
	}
}

func options(
	kubeconfig, namespace string, nameservers []string, retry time.Duration,
) controller.ContextOptions {
	nothing := resource.MustParse("0")
	return controller.ContextOptions{
		Kubeconfig:         kubeconfig,
		KubernetesAPIQPS:   20,
		KubernetesAPIBurst: 50,
		Namespace:          namespace,
		ACMEOptions: controller.ACMEOptions{
			HTTP01SolverResourceRequestCPU:    nothing,
			HTTP01SolverResourceRequestMemory: nothing,
			HTTP01SolverResourceLimitsCPU:     nothing,
			HTTP01SolverResourceLimitsMemory:  nothing,
			DNS01Nameservers:                  nameservers,
			DNS01CheckRetryPeriod:             retry,
			// As with --dns01-recursive-nameservers-only: NS records lead to port 53.
			DNS01CheckAuthoritative: false,
		},
		SchedulerOptions: controller.SchedulerOptions{MaxConcurrentChallenges: 60},
		CertificateOptions: controller.CertificateOptions{
			CertificateRequestMinimumBackoffDuration: time.Hour,
			CertificateRequestMaximumBackoffDuration: 32 * time.Hour,
		},
	}
}

// run starts every controller that the imports above registered, and returns when one has failed
// or the context has ended.
func run(ctx context.Context, options controller.ContextOptions) error {
	factory, err := controller.NewContextFactory(ctx, options)
	if err != nil {
		return err
	}
	shared, err := factory.Build()
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, construct := range controller.Known() {
		each, err := construct(factory)
		if err != nil {
			return err
		}
		group.Go(func() error { return each.Run(workers, ctx) })
	}
	shared.SharedInformerFactory.Start(ctx.Done())
	shared.KubeSharedInformerFactory.Start(ctx.Done())
	shared.HTTP01ResourceMetadataInformersFactory.Start(ctx.Done())
	return group.Wait()
}
