# Makes empty libraries of Android in FOLDER, to link against: sh android.sh FOLDER
set -e
folder=$1
mkdir -p "$folder"
cd "$folder"
for name in c m dl log; do
    echo '' | aarch64-linux-gnu-gcc -shared -nostdlib -x c -Wl,-soname,lib$name.so -o "lib$name.so" -
done
if [ ! -e libunwind.a ]; then
    apt-get -q download libunwind-22-dev:arm64
    dpkg -x libunwind-22-dev_*_arm64.deb unwind
    # A file and a link to it.
    cp "$(find unwind -name libunwind.a -type f)" .
    rm -r unwind ./*.deb
fi
