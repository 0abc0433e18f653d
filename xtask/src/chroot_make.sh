# Makes the chroot FOLDER with these packages, or adds those that are missing:
#     sh chroot_make.sh FOLDER SUITE MIRROR "PACKAGES"
# with apt's settings in APT_SETTINGS. Runs under flock and in a mount namespace of its own: see chroot.rs.
set -e
folder=$1 suite=$2 mirror=$3 packages=$4

# Written last, with the recipe. A folder without it is incomplete; one with another list of packages lacks some.
marker=$folder/keysecure-made
recipe="$suite: $packages"
made=$(cat "$marker" 2>/dev/null || true)
if [ "$made" = "$recipe" ]; then exit 0; fi

enter() {
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive chroot "$folder" "$@"
}

if [ "${made%%: *}" != "$suite" ]; then
    if [ -e "$folder" ]; then
        echo "$folder is incomplete: making it again"
        rm -rf --one-file-system "$folder"
    fi
    echo "making a Debian $suite in $folder: some minutes"
    debootstrap --variant=minbase "$suite" "$folder" "$mirror"
    printf '%s: ' "$suite" >"$marker"
fi
printf '%s\n' "$APT_SETTINGS" >"$folder/etc/apt/apt.conf.d/90host"
case $packages in *:arm64*) enter dpkg --add-architecture arm64 ;; esac
mount --bind /proc "$folder/proc"
enter dpkg --configure -a
enter apt-get -q update
# shellcheck disable=SC2086 # several words
enter apt-get -q install -y --no-install-recommends $packages >/dev/null
enter apt-get clean
printf '%s' "$recipe" >"$marker"
