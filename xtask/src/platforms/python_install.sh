# Installs the packages in a new virtual environment and runs their demo: sh python_install.sh PYTHON WHEELS VENV OUTPUT
# pip takes everything from the folder WHEELS, where it chooses the wheels of its platform.
set -e
python=$1 wheels=$2 venv=$3 output=$4
unset PIP_FIND_LINKS PYTHONPATH
rm -rf "$venv"
"$python" -m venv "$venv"
"$venv/bin/python" -m pip --quiet --disable-pip-version-check install --no-index --find-links "$wheels" \
    pytest tzdata keysecure keysecure-sandbox
export PYTHONDONTWRITEBYTECODE=1
"$venv/bin/python" bindings-python/tests/package/smoke.py
"$venv/bin/python" -m keysecure demo >"$output"
