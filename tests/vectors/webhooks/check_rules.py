#!/usr/bin/env python3
"""Reproduces every form of vectors.json from the raw body alone, without Java and without fastjson: the rules of README.md as a program,
in the modules `rules_*.py`.

Fails when a vector outside the lists below differs, and when one inside them does not (then the list is out of date).
"""

import hashlib
import hmac
import json
import pathlib
import sys

from rules_canonical import canonical, data_of
from rules_json import Refused

HERE = pathlib.Path(__file__).parent

# fastjson 2 writes doubles with an algorithm of its own that does not always find the shortest text.
# A sender's own doubles come through as they are: see the forms raw-*.
NOT_REPRODUCED = {
    "number 8.41e21",
    "number 2.2250738585072014e-308",
    "number 93e-5",
    "number 9.3E-4",
    "number 5e22",
}

FORMS = (
    [f"fastjson1-{order}{extra}" for extra in ("", "-nulls", "-plain") for order in ("hash", "given", "sorted")]
    + ["fastjson1-rehash", "fastjson1-sorthash", "fastjson1-fit"]
    + [f"fastjson2-{order}{extra}" for extra in ("", "-nulls") for order in ("hash", "given", "sorted")]
    + [f"raw-{order}" for order in ("hash", "given", "sorted")]
)


def outcome(form, data, vector):
    try:
        text = canonical(form, data, vector["app_id"], vector["timestamp"])
    except Refused:
        return None
    return text.decode(), hmac.new(vector["secret"].encode(), text, hashlib.sha256).hexdigest()


def main():
    failures, compared, missed, special = [], 0, set(), set()
    for vector in json.loads((HERE / "vectors.json").read_text(encoding="utf-8")):
        name = vector["name"]
        try:
            data = data_of(vector["body"])
        except Refused as why:
            if not vector["lax"]:
                failures.append(f"{name}: refused: {why}")
            continue
        if vector["lax"]:
            failures.append(f"{name}: marked lax, but strict")
        for entry in vector["forms"]:
            expected = (entry["canonical"], entry["signature"]) if "canonical" in entry else None
            for form in entry["form"]:
                compared += 1
                if outcome(form, data, vector) == expected:
                    continue
                if vector["special"]:
                    special.add(f"{name} ({form.split('-')[0]})")
                elif name in NOT_REPRODUCED and form.startswith("fastjson2-"):
                    missed.add(name)
                else:
                    failures.append(f"{name}: {form}\n    is {outcome(form, data, vector)}\n    not {expected}")
    failures += [f"{name}: reproduced now, so not for the list" for name in NOT_REPRODUCED - missed]

    reached = unreached = 0
    for vector in json.loads((HERE / "built.json").read_text(encoding="utf-8")):
        sent = vector["canonical"], vector["signature"]
        try:
            data = data_of(vector["body"])
        except Refused as why:
            if not vector["lax"]:
                failures.append(f"{vector['name']}: refused: {why}")
            continue
        if vector["special"]:
            continue
        for form in FORMS:
            if (outcome(form, data, vector) == sent) != (form in vector["reached_by"]):
                failures.append(f"{vector['name']}: {form}")
        reached += bool(vector["reached_by"])
        unreached += not vector["reached_by"]

    print(f"{compared} forms compared; {len(missed)} vectors not reproduced: {sorted(missed)}")
    print(f"special, different for: {sorted(special)}")
    print(f"built: {reached} reached, {unreached} not")
    for failure in failures:
        print(failure.encode("ascii", "backslashreplace").decode(), file=sys.stderr)
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
