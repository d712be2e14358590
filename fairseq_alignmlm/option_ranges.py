"""Numbers that options may have: finite, and within their range."""

from __future__ import annotations

import math

from fairseq_alignmlm.errors import InputError


def require_range(
    option: str, value: float, low: float = -math.inf, high: float = math.inf, above: bool = False, remedy: str = ""
) -> None:
    """Refuse a number that is not finite or out of its range.

    Args:
        option: as the user writes it, such as ``--align-alpha``.
        value: what was given.
        low: the least value.
        high: the greatest value.
        above: ``low`` itself is refused, too.
        remedy: what to do instead.

    Raises:
        InputError: it is not such a number.
    """
    if math.isfinite(value) and low <= value <= high and not (above and value == low):
        return
    if math.isinf(high):
        wanted = "a finite number" if math.isinf(low) else f"a number above {low:g}" if above else f"at least {low:g}"
    else:
        wanted = f"above {low:g} and up to {high:g}" if above else f"between {low:g} and {high:g}"
    raise InputError(f"{option} {value:g} is not {wanted}" + (f"; {remedy}" if remedy else ""))
