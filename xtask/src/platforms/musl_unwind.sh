# Makes FOLDER/libunwind.a, with which Rust unwinds the stack on musl: sh musl_unwind.sh FOLDER
# It is LLVM's, which Debian builds for glibc: two functions of glibc that it calls are added. GCC's would need more of
# glibc (_dl_find_object).
set -e
folder=$1
mkdir -p "$folder"
cat >"$folder/checked.c" <<'END'
#include <stdarg.h>
#include <stdio.h>
int __vfprintf_chk(FILE *file, int flag, const char *format, va_list arguments) {
    (void)flag;
    return vfprintf(file, format, arguments);
}
int __vsnprintf_chk(char *to, size_t size, int flag, size_t room, const char *format, va_list arguments) {
    (void)flag, (void)room;
    return vsnprintf(to, size, format, arguments);
}
END
musl-gcc -O2 -c "$folder/checked.c" -o "$folder/checked.o"
cp /usr/lib/llvm-*/lib/libunwind.a "$folder/libunwind.a"
ar r "$folder/libunwind.a" "$folder/checked.o"
