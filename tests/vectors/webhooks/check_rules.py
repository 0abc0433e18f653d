#!/usr/bin/env python3
"""Reproduces every form of vectors.json from the raw body alone, without Java and without fastjson: the rules of README.md as a program.

Fails when a vector outside the lists below differs, and when one inside them does not (then the list is out of date).
"""

import hashlib
import hmac
import json
import pathlib
import re
import sys

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


# -- JSON, strict, with number texts and duplicates kept ---------------------------------------------------------------------------------


class Refused(Exception):
    pass


class Number:
    def __init__(self, text):
        self.text = text


class String:
    """The text as UTF-16 code units in a str (lone surrogates stay), and its spelling in the body."""

    def __init__(self, text, raw):
        self.text, self.raw = text, raw


class Members(list):
    """Pairs of String and value, in the order of the body, duplicates included."""


SPACE = re.compile(r"[ \t\r\n]*")
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*"')
SIMPLE = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
WORDS = {"true": True, "false": False, "null": None}


def units(text):
    """One character for each UTF-16 code unit, as Java sees a text."""
    return "".join(chr(int.from_bytes(pair, "big")) for pair in zip(*[iter(text.encode("utf-16-be", "surrogatepass"))] * 2))


def utf8(text):
    """What String.getBytes gives: pairs joined, a lone surrogate a question mark."""
    joined = text.encode("utf-16-be", "surrogatepass").decode("utf-16-be", "surrogatepass")
    return "".join("?" if 0xD800 <= ord(c) <= 0xDFFF else c for c in joined).encode()


class Parser:
    def __init__(self, text):
        self.text, self.at = text, 0

    def document(self):
        value = self.value()
        self.space()
        if self.at != len(self.text):
            raise Refused("text after the end")
        return value

    def space(self):
        self.at = SPACE.match(self.text, self.at).end()

    def peek(self):
        self.space()
        return self.text[self.at : self.at + 1]

    def expect(self, mark):
        if self.peek() != mark:
            raise Refused(f"no {mark} at {self.at}")
        self.at += 1

    def take(self, pattern):
        self.space()
        found = pattern.match(self.text, self.at)
        if not found:
            raise Refused(f"nothing known at {self.at}")
        self.at = found.end()
        return found.group()

    def string(self):
        raw = self.take(STRING)
        text = re.sub(r"\\(?:u(....)|(.))", lambda m: chr(int(m[1], 16)) if m[1] else SIMPLE[m[2]], raw[1:-1])
        return String(units(text), raw)

    def value(self):
        first = self.peek()
        if first == '"':
            return self.string()
        if first == "{":
            self.at += 1
            members = Members()
            if self.peek() != "}":
                while True:
                    key = self.string()
                    self.expect(":")
                    members.append((key, self.value()))
                    if self.peek() != ",":
                        break
                    self.at += 1
            self.expect("}")
            return members
        if first == "[":
            self.at += 1
            items = []
            if self.peek() != "]":
                while True:
                    items.append(self.value())
                    if self.peek() != ",":
                        break
                    self.at += 1
            self.expect("]")
            return items
        for word, value in WORDS.items():
            if self.text.startswith(word, self.at):
                self.at += len(word)
                return value
        return Number(self.take(NUMBER))


# -- java.util.HashMap -------------------------------------------------------------------------------------------------------------------


def spread(key):
    """The hash as HashMap uses it: String.hashCode over UTF-16 code units, the upper half mixed in; signed, 32 bits."""
    h = 0
    for c in key:
        h = (31 * h + ord(c)) & 0xFFFFFFFF
    h ^= h >> 16
    return h - (1 << 32) if h >> 31 else h


class Node:
    def __init__(self, key):
        self.key, self.hash, self.next = key, spread(key), None
        self.parent = self.left = self.right = self.prev = None
        self.red = False


class HashMap:
    """The order of iteration of a Java 8 (or later) HashMap<String, ?> after the keys went in, in this order; no removals."""

    def __init__(self, capacity=16):
        size = 1
        while size < capacity:
            size *= 2
        self.table, self.trees, self.count = [None] * size, set(), 0
        self.threshold = size * 3 // 4

    def keys(self):
        for node in self.table:
            while node:
                yield node.key
                node = node.next

    def put(self, key):
        new = Node(key)
        index = new.hash & (len(self.table) - 1)
        first = self.table[index]
        if first is None:
            self.table[index] = new
        elif index in self.trees:
            if not self.tree_put(index, new):
                return
        else:
            length, node = 1, first
            while True:
                if node.key == key:
                    return
                if node.next is None:
                    break
                node, length = node.next, length + 1
            node.next = new
            if length >= 8:  # the ninth in one bucket
                if len(self.table) < 64:
                    self.resize()
                else:
                    self.treeify(index)
        self.count += 1
        if self.count > self.threshold:
            self.resize()

    def resize(self):
        size = len(self.table)
        old, old_trees = self.table, self.trees
        self.table, self.trees = [None] * (2 * size), set()
        self.threshold = 2 * size * 3 // 4
        for index, node in enumerate(old):
            halves = ([], [])
            while node:
                halves[1 if node.hash & size else 0].append(node)
                node = node.next
            for half, target in zip(halves, (index, index + size)):
                for a, b in zip(half, half[1:] + [None]):
                    a.next = b
                for a, b in zip([None] + half, half):
                    b.prev = a
                if half:
                    self.table[target] = half[0]
                if index in old_trees and len(half) > 6:
                    if halves[0] and halves[1]:
                        self.treeify(target)
                    else:
                        self.trees.add(target)  # nothing was split off: the tree stays as it is

    # The red-black tree matters for the order only because its root is moved to the front of the bucket's list,
    # and a new node goes into the list right behind its parent in the tree.

    @staticmethod
    def direction(new, node):
        return -1 if (new.hash, new.key) < (node.hash, node.key) else 1

    def treeify(self, index):
        self.trees.add(index)
        nodes, node = [], self.table[index]
        while node:
            nodes.append(node)
            node = node.next
        root = None
        for a, b in zip([None] + nodes, nodes):
            b.prev = a
        for node in nodes:
            node.left = node.right = node.parent = None
            if root is None:
                node.red, root = False, node
            else:
                self.hang(root, node)
                root = self.balance(root, node)
        self.to_front(index, root)

    def hang(self, root, new):
        node = root
        while True:
            side = "left" if self.direction(new, node) < 0 else "right"
            if getattr(node, side) is None:
                setattr(node, side, new)
                new.parent = node
                return node
            node = getattr(node, side)

    def tree_put(self, index, new):
        node = root = self.table[index]
        while root.parent:
            root = root.parent
        while node:
            if node.key == new.key:
                return False
            node = node.next
        parent = self.hang(root, new)
        new.next, new.prev = parent.next, parent
        if parent.next:
            parent.next.prev = new
        parent.next = new
        self.to_front(index, self.balance(root, new))
        return True

    def to_front(self, index, root):
        first = self.table[index]
        if root is first:
            return
        self.table[index] = root
        if root.next:
            root.next.prev = root.prev
        if root.prev:
            root.prev.next = root.next
        first.prev, root.next, root.prev = root, first, None

    @staticmethod
    def rotate(root, p, side):
        """Rotates p towards side."""
        other = "right" if side == "left" else "left"
        r = getattr(p, other)
        if r is None:
            return root
        inner = getattr(r, side)
        setattr(p, other, inner)
        if inner:
            inner.parent = p
        r.parent = p.parent
        if p.parent is None:
            root = r
            r.red = False
        elif p.parent.left is p:
            p.parent.left = r
        else:
            p.parent.right = r
        setattr(r, side, p)
        p.parent = r
        return root

    def balance(self, root, x):
        x.red = True
        while True:
            p = x.parent
            if p is None:
                x.red = False
                return x
            if not p.red or p.parent is None:
                return root
            g = p.parent
            side, other = ("left", "right") if p is g.left else ("right", "left")
            uncle = getattr(g, other)
            if uncle and uncle.red:
                uncle.red = p.red = False
                g.red = True
                x = g
                continue
            if x is getattr(p, other):
                x = p
                root = self.rotate(root, x, side)
                p = x.parent
                g = p.parent if p else None
            if p:
                p.red = False
                if g:
                    g.red = True
                    root = self.rotate(root, g, other)


def hashed(keys, capacity=16):
    table = HashMap(capacity)
    for key in keys:
        table.put(key)
    return list(table.keys())


# -- numbers -----------------------------------------------------------------------------------------------------------------------------


def parts(text):
    """Sign, digits without leading zeros, scale (as in BigDecimal), exponent as written, whether it is an integer in JSON."""
    found = re.fullmatch(r"(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?", text)
    sign, whole, fraction, exponent = found.groups()
    digits = (whole + (fraction or "")).lstrip("0") or "0"
    return ("" if digits == "0" else sign), digits, len(fraction or ""), int(exponent or 0), fraction is None and exponent is None


def plain(sign, digits, scale):
    if scale <= 0:
        return sign + (digits if digits == "0" else digits + "0" * -scale)
    digits = digits.rjust(scale + 1, "0")
    return f"{sign}{digits[:-scale]}.{digits[-scale:]}"


def big_decimal(sign, digits, scale):
    """BigDecimal.toString."""
    adjusted = len(digits) - 1 - scale
    if scale >= 0 and adjusted >= -6:
        return plain(sign, digits, scale)
    mantissa = digits[0] + ("." + digits[1:] if len(digits) > 1 else "")
    return f"{sign}{mantissa}" + (f"E{adjusted:+d}" if adjusted else "")


def fastjson1(text):
    sign, digits, scale, exponent, integer = parts(text)
    if integer:
        return sign + digits
    if not -(2**31) < scale - exponent < 2**31 or len(str(abs(exponent))) > 10:
        raise Refused("exponent")
    return big_decimal(sign, digits, scale - exponent)


def fastjson1_plain(text):
    sign, digits, scale, exponent, integer = parts(text)
    if not integer and -100 <= scale - exponent < 100:
        return plain(sign, digits, scale - exponent)
    return fastjson1(text)


def fastjson2(text):
    sign, digits, scale, exponent, integer = parts(text)
    if integer:
        return sign + digits
    if abs(exponent) > 2047:
        raise Refused("exponent")
    if exponent == 0:
        return plain(sign, digits, scale)
    if int(digits) >= 2**128:  # no double then, but a BigDecimal
        return big_decimal(sign, digits, scale - exponent)
    return java_double(float(f"{sign}{digits}e{exponent - scale}"))


def java_double(value):
    """Double.toString with the shortest digits; except that a whole number within a long shows all its digits, as fastjson 2 has it."""
    if value in (float("inf"), float("-inf")):
        return "null"
    sign = "-" if value < 0 else ""
    value = abs(value)
    if value == 0:
        return "0.0"
    if value == 5e-324:
        return sign + "4.9E-324"
    if value < 2**63 and value == int(value):
        digits, point = str(int(value)), len(str(int(value)))
    else:
        mantissa, _, exponent = f"{value!r}e0".partition("e")
        exponent = int(exponent.partition("e")[0])
        whole, _, fraction = mantissa.partition(".")
        digits, point = whole + fraction, len(whole) + exponent
        point -= len(digits) - len(digits.lstrip("0"))
        digits = digits.lstrip("0")
    digits = digits.rstrip("0")
    if 1e-3 <= value < 1e7:
        if point <= 0:
            return f"{sign}0.{'0' * -point}{digits}"
        return f"{sign}{digits[:point].ljust(point, '0')}.{digits[point:] or '0'}"
    return f"{sign}{digits[0]}.{digits[1:] or '0'}E{point - 1}"


# -- writing -----------------------------------------------------------------------------------------------------------------------------

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


# -- the comparison ----------------------------------------------------------------------------------------------------------------------


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


FORMS = (
    [f"fastjson1-{order}{extra}" for extra in ("", "-nulls", "-plain") for order in ("hash", "given", "sorted")]
    + ["fastjson1-rehash", "fastjson1-sorthash", "fastjson1-fit"]
    + [f"fastjson2-{order}{extra}" for extra in ("", "-nulls") for order in ("hash", "given", "sorted")]
    + [f"raw-{order}" for order in ("hash", "given", "sorted")]
)

if __name__ == "__main__":
    sys.exit(main())
