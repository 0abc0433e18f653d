# Makes a Debian for 64-bit ARM with Python 3.14 in FOLDER, unless it is there: sh arm64_system.sh FOLDER MIRROR
# The packages are only unpacked: configuring them would take an emulator and minutes.
set -e
folder=$1 mirror=$2
packages=python3.14,python3.14-venv,tzdata,ca-certificates
# Written last. A folder with another list is made again.
marker=$folder/keysecure-made
if [ "$(cat "$marker" 2>/dev/null)" = "$packages" ]; then exit 0; fi
rm -rf --one-file-system "$folder"
debootstrap --foreign --arch=arm64 --variant=minbase --include=$packages sid "$folder" "$mirror"
for package in "$folder"/var/cache/apt/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink -C "$folder"
done
rm -rf "$folder/var/cache/apt/archives" "$folder/debootstrap"
# What the configuration would have made.
cp "$folder/usr/share/base-passwd/passwd.master" "$folder/etc/passwd"
cp "$folder/usr/share/base-passwd/group.master" "$folder/etc/group"
echo '127.0.0.1 localhost' >"$folder/etc/hosts"
# pip reads it at its start.
cat "$folder"/usr/share/ca-certificates/mozilla/*.crt >"$folder/etc/ssl/certs/ca-certificates.crt"
printf '%s' "$packages" >"$marker"
