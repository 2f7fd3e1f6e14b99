module multigres-operator/local/runcless

go 1.24.0
