# Runs a Windows program with a time limit, in a session of `session.sh`: sh wine.sh SECONDS PROGRAM ARGUMENT...
# A program of tests that does not end in time counts as a failed test.
seconds=$1
shift
status=0
timeout --kill-after=10 "$seconds" wine64 "$@" || status=$?
if [ "$status" -ge 124 ]; then
    printf '\nfailures:\n    %s ended with status %s (124: after %s s)\n\ntest result: FAILED. 0 passed; 1 failed; 0 ignored\n' \
        "$1" "$status" "$seconds"
fi
exit "$status"
