#!/usr/bin/env bash
# The first process of a node. It makes the mounts that belong to the node alone, says so, and then
# only reaps: when it is killed the kernel ends every other process of the node, and the mounts go.
#   init.sh NAME FOLDER
set -euo pipefail
hostname "$1"
for folder in /run/containerd /run/netns /run/lock /var/lib/cni /var/log/containers; do
    mkdir -p "$folder"
    mount -t tmpfs node "$folder"
done
touch "$2/ready"
trap : TERM INT HUP
while :; do
    sleep 86400 &
    wait -n || :
done
