# Runs a command that uses wine: sh session.sh COMMAND ARGUMENT...
# One server and one set of services for all of it: their start takes half a minute on a busy machine.
export WINEPREFIX=/keysecure-target/wine WINEDEBUG=-all
# Neither .NET nor a browser nor menus.
export WINEDLLOVERRIDES='mscoree,mshtml,winemenubuilder.exe='
# Python's bytecode is kept, but not beside the sources.
export PYTHONPYCACHEPREFIX='Z:\keysecure-target\pycache'
server=/usr/lib/x86_64-linux-gnu/wine/wineserver
# They outlive the command that starts them, and must not hold its output.
"$server" --persistent >/dev/null 2>&1 </dev/null
wine64 wineboot >/dev/null 2>&1 </dev/null
trap '"$server" --kill' EXIT
trap 'exit 1' HUP INT TERM
"$@"
