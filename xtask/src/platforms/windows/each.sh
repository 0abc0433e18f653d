# Runs a test program for each file or class under wine, two at a time, with a report of JUnit for each:
#     sh each.sh FOLDER MINUTES SECONDS "PROGRAM ARGUMENT..." ITEM...
# In the arguments, $item is the file or class, $name its last part, and $report the path of its report for Windows.
# What does not end in SECONDS, or leaves no report, counts as a failed test. What is not started after MINUTES is listed in
# FOLDER/not-started.txt.
set -e
export folder=$1 seconds=$3 program=$4
end=$(($(date +%s) + $2 * 60))
export end
shift 4
mkdir -p "$folder"
# shellcheck disable=SC2016 # the inner shell expands it
printf '%s\n' "$@" | xargs -P 2 -I{} sh -c '
    item=$1 name=$(basename "$1" .py) status=0
    if [ "$(date +%s)" -ge "$end" ]; then
        echo "$item" >>"$folder/not-started.txt"
        exit 0
    fi
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
