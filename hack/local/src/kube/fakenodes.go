package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"hash/fnv"
	"log"
	"strings"
	"time"

	coordv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
)

// Pod annotations that a test may set.
const (
	// stay Pending ("pending"), run but never get Ready ("unready"),
	// end well ("succeeded") or badly ("failed").
	fateAnnotation = "local.multigres.com/fate"
	// seconds between placement and Running.
	delayAnnotation = "local.multigres.com/delay"
)

// fakenodes keeps Node objects Ready and plays kubelet for the pods placed on
// them: no container ever runs. Pod addresses lie in 10.244.0.0/16, which the
// machine's routes must keep unreachable.
func fakenodes(args []string) error {
	fs := flag.NewFlagSet("fakenodes", flag.ExitOnError)
	kubeconfig := fs.String("kubeconfig", "", "kubeconfig file")
	list := fs.String("nodes", "node-a=zone-a,node-b=zone-b,node-c=zone-c", "name=zone, comma separated")
	region := fs.String("region", "local", "region label")
	version := fs.String("version", "v0.0.0", "kubelet version to report")
	_ = fs.Parse(args)
	client, err := connect(*kubeconfig)
	if err != nil {
		return err
	}
	ctx, mine, first := context.TODO(), map[string]int{}, ""
	for i, item := range strings.Split(*list, ",") {
		name, zone, _ := strings.Cut(item, "=")
		mine[name] = i + 1
		if i == 0 {
			first = name
		}
		if err := fakeNode(ctx, client, name, zone, *region, *version, i+1); err != nil {
			return fmt.Errorf("node %s: %w", name, err)
		}
		go func() {
			for ; ; time.Sleep(10 * time.Second) {
				renew(ctx, client, name)
			}
		}()
	}
	go provision(client, first, func(n string) bool { return mine[n] > 0 }, "/local-volumes", "/shared-volumes", false)

	f := informers.NewSharedInformerFactoryWithOptions(client, 0,
		informers.WithTweakListOptions(func(o *metav1.ListOptions) { o.FieldSelector = "spec.nodeName!=" }))
	onPod := func(o any) {
		p := o.(*corev1.Pod)
		if n := mine[p.Spec.NodeName]; n > 0 {
			go fakePod(ctx, client, p, n)
		}
	}
	_, _ = f.Core().V1().Pods().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{AddFunc: onPod, UpdateFunc: func(_, o any) { onPod(o) }})
	f.Start(ctx.Done())
	select {}
}

func fakeNode(ctx context.Context, client kubernetes.Interface, name, zone, region, version string, i int) error {
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{
		corev1.LabelHostname: name, corev1.LabelOSStable: "linux", corev1.LabelArchStable: "amd64",
		corev1.LabelTopologyZone: zone, corev1.LabelTopologyRegion: region, "topology.k8s.aws/zone-id": zone,
	}}, Spec: corev1.NodeSpec{ProviderID: "fake://" + name}}
	now := metav1.Now()
	cond := func(t corev1.NodeConditionType, s corev1.ConditionStatus, why string) corev1.NodeCondition {
		return corev1.NodeCondition{Type: t, Status: s, Reason: why, LastHeartbeatTime: now, LastTransitionTime: now}
	}
	has := corev1.ResourceList{
		corev1.ResourceCPU: resource.MustParse("64"), corev1.ResourceMemory: resource.MustParse("256Gi"),
		corev1.ResourcePods: resource.MustParse("500"), corev1.ResourceEphemeralStorage: resource.MustParse("1Ti"),
	}
	status := corev1.NodeStatus{Capacity: has, Allocatable: has,
		Addresses: []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: fmt.Sprintf("10.244.255.%d", i)}, {Type: corev1.NodeHostName, Address: name}},
		NodeInfo:  corev1.NodeSystemInfo{KubeletVersion: version, OperatingSystem: "linux", Architecture: "amd64", ContainerRuntimeVersion: "fake://0", OSImage: "fake", KernelVersion: "fake"},
		Conditions: []corev1.NodeCondition{
			cond(corev1.NodeReady, corev1.ConditionTrue, "KubeletReady"), cond(corev1.NodeMemoryPressure, corev1.ConditionFalse, "OK"),
			cond(corev1.NodeDiskPressure, corev1.ConditionFalse, "OK"), cond(corev1.NodePIDPressure, corev1.ConditionFalse, "OK"),
			cond(corev1.NodeNetworkUnavailable, corev1.ConditionFalse, "OK")}}
	if _, err := client.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		return err
	}
	renew(ctx, client, name)
	patch, _ := json.Marshal(map[string]any{"status": status})
	_, err := client.CoreV1().Nodes().Patch(ctx, name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "status")
	return err
}

func renew(ctx context.Context, client kubernetes.Interface, name string) {
	leases, now, secs := client.CoordinationV1().Leases(corev1.NamespaceNodeLease), metav1.NowMicro(), int32(40)
	spec := coordv1.LeaseSpec{HolderIdentity: &name, LeaseDurationSeconds: &secs, RenewTime: &now}
	patch, _ := json.Marshal(map[string]any{"spec": spec})
	_, err := leases.Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{})
	if apierrors.IsNotFound(err) {
		_, err = leases.Create(ctx, &coordv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: spec}, metav1.CreateOptions{})
	}
	if err != nil {
		log.Print("lease ", name, ": ", err)
	}
}

func fakePod(ctx context.Context, client kubernetes.Interface, p *corev1.Pod, node int) {
	if p.DeletionTimestamp != nil {
		now := int64(0)
		err := client.CoreV1().Pods(p.Namespace).Delete(ctx, p.Name, metav1.DeleteOptions{GracePeriodSeconds: &now, Preconditions: &metav1.Preconditions{UID: &p.UID}})
		if err != nil && !apierrors.IsNotFound(err) {
			log.Print(err)
		}
		return
	}
	fate := p.Annotations[fateAnnotation]
	if p.Status.PodIP != "" || (p.Status.Phase != corev1.PodPending && p.Status.Phase != "") || fate == "pending" {
		return // already played, or the test speaks for this pod
	}
	if d, err := time.ParseDuration(p.Annotations[delayAnnotation] + "s"); err == nil {
		time.Sleep(d)
	}
	if fate == "" && p.Spec.RestartPolicy != corev1.RestartPolicyAlways {
		fate = "succeeded"
	}
	now := metav1.Now()
	h := fnv.New32a()
	_, _ = h.Write([]byte(p.UID))
	s := h.Sum32()
	ip := fmt.Sprintf("10.244.%d.%d", node*16+int(s%16), 1+(s>>8)%254)
	ready, phase := fate != "unready", corev1.PodRunning
	running := corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: now}}
	ended := func(code int32, why string) corev1.ContainerState {
		return corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: code, Reason: why, StartedAt: now, FinishedAt: now, ContainerID: "fake://0"}}
	}
	state := running
	switch fate {
	case "succeeded":
		ready, phase, state = false, corev1.PodSucceeded, ended(0, "Completed")
	case "failed":
		ready, phase, state = false, corev1.PodFailed, ended(1, "Error")
	}
	each := func(cs []corev1.Container, state corev1.ContainerState, ready bool) (out []corev1.ContainerStatus) {
		for _, c := range cs {
			started, st, rd := true, state, ready
			if c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
				st, rd = running, true
			}
			out = append(out, corev1.ContainerStatus{Name: c.Name, Image: c.Image, ImageID: c.Image, ContainerID: "fake://" + c.Name, State: st, Ready: rd, Started: &started})
		}
		return
	}
	yes := map[bool]corev1.ConditionStatus{true: corev1.ConditionTrue, false: corev1.ConditionFalse}
	cond := func(t corev1.PodConditionType, ok bool) corev1.PodCondition {
		return corev1.PodCondition{Type: t, Status: yes[ok], LastTransitionTime: now, ObservedGeneration: p.Generation}
	}
	status := corev1.PodStatus{Phase: phase, PodIP: ip, PodIPs: []corev1.PodIP{{IP: ip}}, HostIP: fmt.Sprintf("10.244.255.%d", node), StartTime: &now, ObservedGeneration: p.Generation,
		InitContainerStatuses: each(p.Spec.InitContainers, ended(0, "Completed"), true), ContainerStatuses: each(p.Spec.Containers, state, ready),
		Conditions: []corev1.PodCondition{cond(corev1.PodReadyToStartContainers, true), cond(corev1.PodInitialized, true), cond(corev1.PodReady, ready), cond(corev1.ContainersReady, ready)}}
	patch, _ := json.Marshal(map[string]any{"metadata": map[string]any{"uid": p.UID}, "status": status})
	if _, err := client.CoreV1().Pods(p.Namespace).Patch(ctx, p.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "status"); err != nil && !apierrors.IsNotFound(err) {
		log.Print(err)
	}
}
