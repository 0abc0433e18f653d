#!/usr/bin/env bash
# Prints the vectors that the OpenSSL command line makes, one line for each entry of vectors.json.
# Everything is made by `openssl`: digests, Base64, the cipher. It has no SHA1PRNG; that scheme is Java's alone.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")"

to_hex() { od -An -v -tx1 | tr -d ' \n'; }
from_hex() { printf '%b' "$(sed 's/../\\x&/g' <<<"$1")"; }
digest() { openssl dgst "-$1" -r | cut -d ' ' -f 1; }

# Enough for text without control characters, which is all there is here.
json() {
    local text=${1//\\/\\\\}
    printf '"%s"' "${text//\"/\\\"}"
}

# key_hex SCHEME SECRET
key_hex() {
    case $1 in
    utf8) printf %s "$2" | to_hex ;;
    hex) printf %s "$2" | tr A-F a-f ;;
    base64) printf %s "$2" | openssl enc -d -base64 -A | to_hex ;;
    md5) printf %s "$2" | digest md5 ;;
    md5hex) printf %s "$2" | digest md5 | tr -d '\n' | to_hex ;;
    sha256) printf %s "$2" | digest sha256 ;;
    *) echo "unknown scheme $1" >&2 && return 1 ;;
    esac
}

# entry SCHEME MODE SECRET KEY_HEX PLAINTEXT
entry() {
    local cipher="-aes-$((${#4} * 4))-$2" iv='' iv_field='' ciphertext
    if [ "$2" = cbc ]; then
        # Fixed and different for every entry, and the same in make_jdk.java. A real IV is random.
        iv=$(printf 'iv|%s|%s|%s' "$1" "$3" "$5" | digest md5)
        iv_field="\"iv_hex\": \"$iv\", "
        ciphertext=$({ from_hex "$iv" && printf %s "$5" | openssl enc "$cipher" -K "$4" -iv "$iv"; } | openssl enc -base64 -A)
    else
        ciphertext=$(printf %s "$5" | openssl enc "$cipher" -K "$4" | openssl enc -base64 -A)
    fi
    printf '{"made_by": "openssl", "scheme": "%s", "mode": "%s", "secret": %s, "key_hex": "%s", %s"plaintext": %s, "ciphertext": "%s"}\n' \
        "$1" "$2" "$(json "$3")" "$4" "$iv_field" "$(json "$5")" "$ciphertext"
}

previous=''
while IFS=$'\t' read -r scheme secret; do
    [ "$scheme" = sha1prng ] && continue
    key=$(key_hex "$scheme" "$secret")
    while IFS=$'\t' read -r name plaintext; do
        # The first secret of a scheme takes every plaintext; the others show only that their key is right.
        if [ "$scheme" = "$previous" ] && [ "$name" != cvv ] && [ "$name" != private_info ]; then
            continue
        fi
        for mode in ecb cbc; do
            entry "$scheme" "$mode" "$secret" "$key" "$plaintext"
        done
    done <plaintexts.tsv
    previous=$scheme
done <secrets.tsv
