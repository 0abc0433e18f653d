"""A strict JSON parser that keeps number texts and duplicate keys, and strings as UTF-16 code units."""

import re


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
