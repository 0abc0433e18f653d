# A command line inside the chroot: sh chroot_enter.sh FOLDER "COMMAND" [FROM TO]..., each FROM mounted inside as TO.
# Runs in a mount namespace of its own: see chroot.rs.
set -e
folder=$1 command=$2
shift 2

mount --bind /proc "$folder/proc"
while [ $# -gt 0 ]; do
    mkdir -p "$folder$2"
    mount --bind "$1" "$folder$2"
    shift 2
done
# The environment of the host names programs and folders that do not exist inside.
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 chroot "$folder" sh -ec "$command"
