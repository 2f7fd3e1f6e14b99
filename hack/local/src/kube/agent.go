package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/vishvananda/netlink"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

// connect makes a client from a kubeconfig file, or from the pod's own
// service account when the path is empty.
func connect(kubeconfig string) (*kubernetes.Clientset, error) {
	cfg, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	cfg.QPS, cfg.Burst = 200, 400
	return kubernetes.NewForConfig(cfg)
}

// nodeagent runs once on every real node: it writes the CNI configuration for
// the node's pod range, keeps routes to the other nodes' ranges, and makes and
// removes hostPath volumes for claims whose pod was placed on this node.
func nodeagent(args []string) error {
	fs := flag.NewFlagSet("nodeagent", flag.ExitOnError)
	kubeconfig := fs.String("kubeconfig", "", "kubeconfig file; empty: in-cluster")
	name := fs.String("node", os.Getenv("NODE_NAME"), "name of this node")
	cniDir := fs.String("cni-dir", "/etc/cni/net.d", "folder of the CNI configuration")
	podCIDR := fs.String("cluster-cidr", "10.244.0.0/16", "range of all pods, made unreachable where no node has it")
	dir := fs.String("volumes", "/var/lib/local-volumes", "folder of this node's volumes")
	shared := fs.String("shared", "/var/lib/shared-volumes", "folder that all nodes share, for ReadWriteMany claims")
	_ = fs.Parse(args)
	client, err := connect(*kubeconfig)
	if err != nil {
		return err
	}
	_ = os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0o644)
	if _, all, err := net.ParseCIDR(*podCIDR); err == nil {
		if err := netlink.RouteReplace(&netlink.Route{Dst: all, Type: 7 /* unreachable */}); err != nil {
			log.Print("unreachable route: ", err)
		}
	}
	go provision(client, *name, func(n string) bool { return n == *name }, *dir, *shared, true)
	for first := true; ; first = false {
		if !first {
			time.Sleep(2 * time.Second)
		}
		nodes, err := client.CoreV1().Nodes().List(context.TODO(), metav1.ListOptions{ResourceVersion: "0"})
		if err != nil {
			log.Print(err)
			continue
		}
		for i := range nodes.Items {
			n := &nodes.Items[i]
			if n.Spec.PodCIDR == "" {
				continue
			}
			if n.Name == *name {
				err = writeCNI(*cniDir, n.Spec.PodCIDR)
			} else {
				err = route(n)
			}
			if err != nil {
				log.Print(n.Name, ": ", err)
			}
		}
	}
}

func writeCNI(dir, cidr string) error {
	conf, err := json.MarshalIndent(map[string]any{
		"cniVersion": "0.4.0", "name": "local",
		"plugins": []any{
			map[string]any{"type": "ptp", "ipMasq": false, "ipam": map[string]any{
				"type": "host-local", "dataDir": "/run/cni-ipam-state",
				"ranges": [][]any{{map[string]string{"subnet": cidr}}},
				"routes": []any{map[string]string{"dst": "0.0.0.0/0"}},
			}},
			map[string]any{"type": "portmap", "capabilities": map[string]bool{"portMappings": true}},
		},
	}, "", " ")
	if err != nil {
		return err
	}
	file := filepath.Join(dir, "10-local.conflist")
	if old, err := os.ReadFile(file); err == nil && string(old) == string(conf) {
		return nil
	}
	if err := os.WriteFile(file+".new", conf, 0o644); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}

func route(n *corev1.Node) error {
	_, dst, err := net.ParseCIDR(n.Spec.PodCIDR)
	if err != nil {
		return err
	}
	for _, a := range n.Status.Addresses {
		if a.Type == corev1.NodeInternalIP {
			return netlink.RouteReplace(&netlink.Route{Dst: dst, Gw: net.ParseIP(a.Address)})
		}
	}
	return nil
}

const (
	provisioner   = "local.multigres.com/node-path"
	provisionedBy = "pv.kubernetes.io/provisioned-by"
	selectedNode  = "volume.kubernetes.io/selected-node"
	volumeNode    = "local.multigres.com/node"
)

// provision answers claims of classes that name this provisioner once the
// scheduler has picked a node that mine() accepts; a shared volume of a class
// that binds at once is made by self, or by whichever node is first.
func provision(client kubernetes.Interface, self string, mine func(node string) bool, dir, shared string, real bool) {
	ctx := context.TODO()
	f := informers.NewSharedInformerFactory(client, 30*time.Second)
	claims, volumes, classes := f.Core().V1().PersistentVolumeClaims(), f.Core().V1().PersistentVolumes(), f.Storage().V1().StorageClasses()
	onClaim := func(o any) {
		c := o.(*corev1.PersistentVolumeClaim)
		if c.Spec.VolumeName != "" || c.Spec.StorageClassName == nil || c.DeletionTimestamp != nil {
			return
		}
		class, err := classes.Lister().Get(*c.Spec.StorageClassName)
		if err != nil || class.Provisioner != provisioner {
			return
		}
		everywhere := slices.Contains(c.Spec.AccessModes, corev1.ReadWriteMany)
		node := c.Annotations[selectedNode]
		if node == "" && everywhere && class.VolumeBindingMode != nil && *class.VolumeBindingMode == storagev1.VolumeBindingImmediate {
			if _, err := os.Stat(shared); real && err != nil { // a node without the shared folder
				return
			}
			node = self
		}
		if node == "" || !mine(node) {
			return
		}
		pv := &corev1.PersistentVolume{ObjectMeta: metav1.ObjectMeta{
			Name: "pvc-" + string(c.UID), Annotations: map[string]string{provisionedBy: provisioner, volumeNode: node}}}
		path, kind := filepath.Join(dir, pv.Name+"_"+c.Namespace+"_"+c.Name), corev1.HostPathDirectoryOrCreate
		pv.Spec = corev1.PersistentVolumeSpec{
			Capacity: corev1.ResourceList{corev1.ResourceStorage: c.Spec.Resources.Requests[corev1.ResourceStorage]}, AccessModes: c.Spec.AccessModes,
			StorageClassName: class.Name, VolumeMode: c.Spec.VolumeMode, MountOptions: class.MountOptions, PersistentVolumeReclaimPolicy: corev1.PersistentVolumeReclaimDelete,
			ClaimRef: &corev1.ObjectReference{APIVersion: "v1", Kind: "PersistentVolumeClaim", Namespace: c.Namespace, Name: c.Name, UID: c.UID},
			NodeAffinity: &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchExpressions: []corev1.NodeSelectorRequirement{
				{Key: corev1.LabelHostname, Operator: corev1.NodeSelectorOpIn, Values: []string{node}}}}}}},
		}
		if class.ReclaimPolicy != nil {
			pv.Spec.PersistentVolumeReclaimPolicy = *class.ReclaimPolicy
		}
		if everywhere && shared != "" {
			path, pv.Spec.NodeAffinity = filepath.Join(shared, filepath.Base(path)), nil
		}
		pv.Spec.HostPath = &corev1.HostPathVolumeSource{Path: path, Type: &kind}
		if real {
			if err := os.MkdirAll(path, 0o777); err == nil {
				err = os.Chmod(path, 0o777)
			}
			if err != nil {
				log.Print(err)
				return
			}
		}
		if _, err := client.CoreV1().PersistentVolumes().Create(ctx, pv, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
			log.Print(err)
		}
	}
	onVolume := func(o any) {
		pv := o.(*corev1.PersistentVolume)
		if pv.Annotations[provisionedBy] != provisioner || !mine(pv.Annotations[volumeNode]) || pv.Status.Phase != corev1.VolumeReleased ||
			pv.Spec.PersistentVolumeReclaimPolicy != corev1.PersistentVolumeReclaimDelete || pv.DeletionTimestamp != nil || pv.Spec.HostPath == nil {
			return
		}
		if p := pv.Spec.HostPath.Path; real && (strings.HasPrefix(p, dir+"/") || strings.HasPrefix(p, shared+"/")) {
			if err := os.RemoveAll(p); err != nil {
				log.Print(err)
				return
			}
		}
		if err := client.CoreV1().PersistentVolumes().Delete(ctx, pv.Name, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
			log.Print(err)
		}
	}
	_, _ = classes.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{AddFunc: func(any) {
		all, _ := claims.Lister().List(labels.Everything())
		for _, c := range all {
			onClaim(c)
		}
	}})
	_, _ = claims.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{AddFunc: onClaim, UpdateFunc: func(_, o any) { onClaim(o) }})
	_, _ = volumes.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{AddFunc: onVolume, UpdateFunc: func(_, o any) { onVolume(o) }})
	f.Start(ctx.Done())
	select {}
}

func agentMain(f func([]string) error) func() int {
	return func() int {
		if err := f(os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return 0
	}
}
