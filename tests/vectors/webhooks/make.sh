#!/usr/bin/env bash
# Makes every vector file anew. With --check: writes nothing here, and fails when a committed file differs.
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

# A version that was once asked for must not stay on a class path.
rm -rf target
mvn -q -B process-classes
# Time zone and language reach some texts (dates), so both are fixed.
java -Duser.timezone=UTC -Duser.language=en -Duser.country=US -Dfile.encoding=UTF-8 -cp target/classes Main target "$work"

failed=0
for file in vectors.json built.json variants.json; do
    if ! $check; then
        cp "$work/$file" "$file"
    elif ! diff "$file" "$work/$file" >&2; then
        echo "$file is not what its programs make: run tests/vectors/webhooks/make.sh" >&2
        failed=1
    fi
done

# The rules of README.md must still give what the libraries gave.
python3 check_rules.py || failed=1
exit $failed
