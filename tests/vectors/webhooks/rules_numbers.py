"""Numbers as fastjson writes them."""

import re

from rules_json import Refused


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
