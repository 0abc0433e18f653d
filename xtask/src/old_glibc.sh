# Makes FOLDER with libraries that have the names of glibc 2.17 and nothing
# later: sh old_glibc.sh FOLDER PYTHON
# A linker that finds them first makes files for every Linux since 2014. They are zig's; PYTHON has the package ziglang.
set -e
folder=$1 python=$2
if [ -e "$folder/libc.so" ]; then exit 0; fi
rm -rf "$folder"
mkdir -p "$folder/zig"
echo 'int main(void) { return 0; }' >"$folder/zig/main.c"
export ZIG_GLOBAL_CACHE_DIR="$folder/zig" ZIG_LOCAL_CACHE_DIR="$folder/zig"
# Linking any program makes them.
"$python" -m ziglang cc -target x86_64-linux-gnu.2.17 -o "$folder/zig/main" "$folder/zig/main.c" \
    -lm -lpthread -ldl -lrt -lutil -lresolv
find "$folder/zig/o" \( -name 'lib*.so.*' -o -name libc_nonshared.a \) -exec cp {} "$folder" \;
for library in m pthread dl rt util resolv; do
    ln -s "$(cd "$folder" && ls lib$library.so.*)" "$folder/lib$library.so"
done
rm -rf "$folder/zig"
# Functions such as stat64 are in the static part. Without it they stay undefined, which no linker reports.
echo "GROUP ( $folder/libc.so.6 $folder/libc_nonshared.a )" >"$folder/libc.so"
