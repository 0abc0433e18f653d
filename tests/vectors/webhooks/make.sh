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

# An old version must not remain on a class path.
rm -rf target
mvn -q -B process-classes
# Time zone and language affect some texts (dates), so both are fixed.
java -Duser.timezone=UTC -Duser.language=en -Duser.country=US -Dfile.encoding=UTF-8 -cp target/classes Main target "$work"

failed=0
for file in vectors.json built.json variants.json; do
    if ! $check; then
        cp "$work/$file" "$file"
    elif ! diff "$file" "$work/$file" >&2; then
        echo "$file differs from the output of its programs: run tests/vectors/webhooks/make.sh" >&2
        failed=1
    fi
done

# The rules of README.md must reproduce the output of the libraries.
python3 check_rules.py || failed=1
exit $failed
