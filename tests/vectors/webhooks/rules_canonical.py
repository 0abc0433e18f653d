"""The signed text of a webhook in each form: the order of keys, strings, and the top level."""

from rules_hash_map import hashed
from rules_json import Members, Number, Parser, Refused, String, units, utf8
from rules_numbers import fastjson1, fastjson1_plain, fastjson2

SHORT = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def quoted1(string):
    def escape(c):
        if c in SHORT:
            return SHORT[c]
        if ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 or c in "\u2028\u2029":
            return f"\\u{ord(c):04X}"
        return c

    return '"' + "".join(map(escape, string.text)) + '"'


def quoted2(string):
    return '"' + "".join(SHORT.get(c) or (f"\\u{ord(c):04x}" if ord(c) < 0x20 else c) for c in string.text) + '"'


def merged(members):
    """Java's map after all puts: a name stays where it came first and has the value that came last."""
    found = {}
    for key, value in members:
        found[key.text] = (found[key.text][0] if key.text in found else key, value)
    return found


def order_given(members):
    return list(merged(members).values())


def order_hash(members):
    found = merged(members)
    return [found[key] for key in hashed(found)]


def order_sorted(members):
    found = merged(members)
    return [found[key] for key in sorted(found)]


def order_rehash(members):
    """Hashed, written without its nulls, parsed and hashed again."""
    return order_hash([m for m in order_hash(members) if m[1] is not None])


def order_sorthash(members):
    return order_hash([m for m in order_sorted(members) if m[1] is not None])


def order_fit(members):
    """Hashed, then copied in that order into a HashMap made for just that many."""
    found = {key.text: (key, value) for key, value in order_hash(members)}
    return [found[key] for key in hashed(found, len(found))]


def write(value, order, nulls, number, quoted):
    if value is None:
        return "null"
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, Number):
        return number(value.text)
    if isinstance(value, String):
        return quoted(value)

    def nested(item):
        return write(item, order, nulls, number, quoted)

    if isinstance(value, Members):
        return "{" + ",".join(quoted(k) + ":" + nested(v) for k, v in order(value) if nulls or v is not None) + "}"
    return "[" + ",".join(map(nested, value)) + "]"


ORDERS = {name[6:]: rule for name, rule in globals().items() if name.startswith("order_")}


def canonical(form, data, app_id, timestamp):
    family, order, *rest = form.split("-")
    number = {"fastjson1": fastjson1, "fastjson2": fastjson2, "raw": str}[family]
    quoted = {"fastjson1": quoted1, "fastjson2": quoted2, "raw": lambda s: s.raw}[family]
    nulls = family == "raw" or "nulls" in rest
    if "plain" in rest:
        number = fastjson1_plain
    fields = {"appId": units(app_id), "timestamp": units(timestamp)}
    for key, value in merged(data).values():
        if isinstance(value, String):
            fields[key.text] = value.text
        elif value is not None:
            fields[key.text] = write(value, ORDERS[order], nulls, number, quoted)
    return utf8("&".join(f"{key}={fields[key]}" for key in sorted(fields)))


def data_of(body):
    event = Parser(body).document()
    if not isinstance(event, Members):
        raise Refused("no object")
    event = {key.text: value for key, value in event}
    if not isinstance(event.get("data"), Members):
        raise Refused("no data")
    return event["data"]
