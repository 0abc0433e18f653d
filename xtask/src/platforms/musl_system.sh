# Makes a system with musl and Python 3.13 in FOLDER, unless it is there: sh musl_system.sh FOLDER MIRROR
# Alpine's packages are not needed: the interpreter is compiled from Debian's sources, with the C library of musl-tools.
# It has no ssl, sqlite3 and ctypes. Runs in the chroot with the compilers.
set -e
folder=$1 mirror=$2
marker=$folder/keysecure-made
if [ -e "$marker" ]; then exit 0; fi
# mounted: only its contents can go
find "$folder" -mindepth 1 -delete
work=$(mktemp -d)
cd "$work"
echo "deb-src $mirror trixie main" >sources.list
mkdir -p lists/partial
options="-q -o Dir::Etc::sourcelist=$work/sources.list -o Dir::Etc::sourceparts=/dev/null -o Dir::State::lists=$work/lists"
options="$options -o APT::Sandbox::User=root"
# shellcheck disable=SC2086 # several words
apt-get $options update
# shellcheck disable=SC2086
apt-get $options source --download-only python3.13
# The description of zlib's sources may be newer than the mirror; the sources themselves suffice.
# shellcheck disable=SC2086
apt-get $options source --download-only zlib || true
for archive in *.orig.tar.*z; do tar -xf "$archive"; done

cd "$work"/zlib-*
CC=musl-gcc CFLAGS='-O2 -fPIC' ./configure --static --prefix="$work/zlib"
make -j2 install >/dev/null
# Debian's compiler names the folders of glibc, which the script `configure` takes for a contradiction.
cat >"$work/musl-cc" <<'END'
#!/bin/sh
[ "$*" = --print-multiarch ] || exec musl-gcc "$@"
END
chmod +x "$work/musl-cc"
cd "$work"/Python-3.13*
CC="$work/musl-cc" CPPFLAGS="-I$work/zlib/include" LDFLAGS="-L$work/zlib/lib" \
    ./configure --quiet --prefix=/opt/python --disable-test-modules
make -s -j2
make -s DESTDIR="$folder" install

mkdir -p "$folder/bin" "$folder/lib" "$folder/etc" "$folder/tmp" "$folder/proc" "$folder/dev" "$folder/root"
cp -L /lib/ld-musl-x86_64.so.1 "$folder/lib/"
cp -L "$(command -v busybox)" "$folder/bin/busybox"
chroot "$folder" /bin/busybox --install -s /bin
echo 'root:x:0:0:root:/root:/bin/sh' >"$folder/etc/passwd"
echo '127.0.0.1 localhost' >"$folder/etc/hosts"
rm -rf "$work"
touch "$marker"
