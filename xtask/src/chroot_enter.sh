# A command line inside the chroot: sh chroot_enter.sh FOLDER "COMMAND" [FROM TO]..., each FROM mounted inside as TO.
# With EMULATOR, the path of a static qemu-aarch64, the kernel starts programs for that processor with it.
# Runs in namespaces of its own: see chroot.rs.
set -e
folder=$1 command=$2
shift 2

if [ -n "${EMULATOR:-}" ]; then
    # A user namespace has a registry of its own, which ends with it. The kernel keeps the emulator open (F), so that
    # it is found in a chroot too.
    mount -t binfmt_misc none /proc/sys/fs/binfmt_misc
    magic='\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00'
    mask='\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff'
    printf '%s' ":keysecure-aarch64:M::$magic:$mask:$EMULATOR:F" >/proc/sys/fs/binfmt_misc/register
fi
mount --rbind /proc "$folder/proc"
mount --rbind /dev "$folder/dev"
while [ $# -gt 0 ]; do
    mkdir -p "$folder$2"
    mount --bind "$1" "$folder$2"
    shift 2
done
# The environment of the host names programs and folders that do not exist inside.
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 chroot "$folder" sh -ec "$command"
