#!/usr/bin/env bash
# Generates every vector file. With --check: writes nothing here, and fails when a committed file differs.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")"

case "${1:-}" in
'') check=false ;;
--check) check=true ;;
*) echo "usage: make.sh [--check]" >&2 && exit 2 ;;
esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# array < LINES: a JSON array with one entry per line, so that diffs are readable.
array() { echo '[' && sed '$!s/$/,/' && echo ']'; }

java make_jdk.java vectors >"$work/jdk"
bash make_openssl.sh >"$work/openssl"

# The two independent programs must agree on every byte, except where OpenSSL has no such key.
if ! diff <(sed -e '/"scheme": "sha1prng"/d' -e 's/"jdk"/"openssl"/' "$work/jdk") "$work/openssl" >&2; then
    echo "the JDK and OpenSSL disagree" >&2
    exit 1
fi

cat "$work/jdk" "$work/openssl" | array >"$work/vectors.json"
java make_jdk.java sha1prng-sizes | array >"$work/sha1prng_sizes.json"
java make_jdk.java refused >"$work/refused.json"

failed=0
for file in vectors.json sha1prng_sizes.json refused.json; do
    if ! $check; then
        cp "$work/$file" "$file"
    elif ! diff "$file" "$work/$file" >&2; then
        echo "$file differs from the output of its programs: run tests/vectors/aes/make.sh" >&2
        failed=1
    fi
done
exit $failed
