# Makes the folder FOLDER with a compiler of C for a target of zig:
#     sh zig.sh ZIG FOLDER TARGET
# The folder comes first on the PATH, so that no name in it may be that of a compiler for this machine.
set -e
zig=$1 folder=$2 target=$3
rm -rf "$folder"
mkdir -p "$folder"
# Without the options that build scripts pass for the target of Rust, which zig does not know.
cat >"$folder/zig-cc" <<END
#!/bin/sh
for option do
    shift
    case \$option in
    --target=* | -m*-version-min=* | -march=* | -arch | arm64 | x86_64) ;;
    *) set -- "\$@" "\$option" ;;
    esac
done
exec $zig cc -target $target "\$@"
END
printf '#!/bin/sh\nexec %s ar "$@"\n' "$zig" >"$folder/zig-ar"
case $target in *windows*) printf '#!/bin/sh\nexec %s lib "$@"\n' "$zig" >"$folder/zig-ar" ;; esac
# Apple's program that names the folder of the headers.
printf '#!/bin/sh\necho %s\n' "$folder" >"$folder/xcrun"
chmod +x "$folder/zig-cc" "$folder/zig-ar" "$folder/xcrun"
