# Runs a test program for each file or class under wine, two at a time, with a report of JUnit for each:
#     sh each.sh FOLDER SECONDS "PROGRAM ARGUMENT..." ITEM...
# In the arguments, $item is the file or class, $name its last part, and $report the path of its report for Windows.
# What does not end in time, or leaves no report, counts as a failed test.
set -e
export folder=$1 seconds=$2 program=$3
shift 3
mkdir -p "$folder"
# shellcheck disable=SC2016 # the inner shell expands it
printf '%s\n' "$@" | xargs -P 2 -I{} sh -c '
    item=$1 name=$(basename "$1" .py) status=0
    report="Z:$folder/$name.xml"
    eval "set -- $program"
    sh /keysecure/xtask/src/platforms/windows/wine.sh "$seconds" "$@" >"$folder/$name.txt" 2>&1 || status=$?
    for made in "$folder/$name.xml"/TEST-junit-jupiter.xml; do
        if [ -e "$made" ]; then mv "$made" "$folder/$name-jupiter.xml"; fi
    done
    if [ -d "$folder/$name.xml" ]; then rm -r "$folder/$name.xml"; fi
    echo "$item: status $status, $(grep -a . "$folder/$name.txt" | tail -n 1)"
    if [ ! -e "$folder/$name.xml" ] && [ ! -e "$folder/$name-jupiter.xml" ] || [ "$status" -ge 124 ]; then
        failure="<failure>status $status after at most $seconds s</failure>"
        echo "<testsuite><testcase classname=\"$item\" name=\"all of it\">$failure</testcase></testsuite>" \
            >"$folder/$name-status.xml"
    fi' sh {}
