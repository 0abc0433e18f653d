# Makes the chroot FOLDER, unless it is there: sh swift_chroot.sh FOLDER SUITE MIRROR "PACKAGES"
# with apt's settings in APT_SETTINGS. Runs under flock and in a mount namespace of its own: see swift_chroot.rs.
set -e
folder=$1 suite=$2 mirror=$3 packages=$4

# Written last, with the recipe. A folder without it is incomplete, or was made for another recipe.
marker=$folder/keysecure-made
recipe="$suite: $packages"
if [ "$(cat "$marker" 2>/dev/null)" = "$recipe" ]; then exit 0; fi

if [ -e "$folder" ]; then
    echo "$folder is incomplete: making it again"
    rm -rf --one-file-system "$folder"
fi
echo "making a Debian $suite with a Swift compiler in $folder: 2.6 GB, about two minutes"
debootstrap --variant=minbase "$suite" "$folder" "$mirror"
printf '%s\n' "$APT_SETTINGS" >"$folder/etc/apt/apt.conf.d/90host"
mount --bind /proc "$folder/proc"
enter() {
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive chroot "$folder" "$@"
}
enter apt-get -q update
# shellcheck disable=SC2086 # several words
enter apt-get -q install -y --no-install-recommends $packages >/dev/null
enter apt-get clean
printf '%s' "$recipe" >"$marker"
