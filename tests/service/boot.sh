#!/usr/bin/env bash
# Boots a systemd of its own, as the first process of new namespaces, on a copy of this system that
# is thrown away: all writes go to memory. Nothing of the host's is started but systemd itself.
#
#   unshare --mount --pid --fork --uts --ipc --net --cgroup --kill-child boot.sh FOLDER BINDS...
#
# FOLDER is made and taken for the copy; each of BINDS is FROM:TO, read-only in the copy.
set -euo pipefail

folder=$1
shift
mount --make-rprivate /
mkdir -p "$folder"
mount -t tmpfs tmpfs "$folder"
mkdir "$folder"/{upper,work,root}
mount -t overlay overlay -o "lowerdir=/,upperdir=$folder/upper,workdir=$folder/work" "$folder/root"
root=$folder/root
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
# Its own hierarchy, whatever the host has: systemd filters devices there by eBPF.
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/dev"
mkdir "$root"/dev/{shm,pts}
mount -t tmpfs tmpfs "$root/dev/shm"
ln -s /proc/self/fd "$root/dev/fd"
# Major and minor numbers of the kernel's devices.txt; a driver need not be there.
while read -r name major minor; do
    mknod --mode 666 "$root/dev/$name" c "$major" "$minor"
done <<'DEVICES'
null 1 3
zero 1 5
full 1 7
random 1 8
urandom 1 9
kmsg 1 11
tty 5 0
video0 81 0
media0 81 1
mem 1 1
DEVICES
# Rules name groups of devices by their driver; these are those of a board with a camera.
sed '1a\ 81 video4linux\n226 drm\n239 media' /proc/devices >"$folder/devices"
mount --bind "$folder/devices" "$root/proc/devices"
for pair in "$@"; do
    mkdir -p "$root${pair#*:}"
    mount --bind "${pair%%:*}" "$root${pair#*:}"
    mount -o remount,bind,ro "$root${pair#*:}"
done
cat >"$root/etc/systemd/system/nothing.target" <<'UNIT'
[Unit]
DefaultDependencies=no
UNIT
mkdir "$root/old"
cd "$root"
pivot_root . old
umount --lazy /old
export container=other
exec /lib/systemd/systemd --system --unit=nothing.target --show-status=no </dev/null
