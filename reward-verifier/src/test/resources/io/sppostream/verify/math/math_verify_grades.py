"""Grades JSON Lines with gold and answer from standard input by Math-Verify: prints 1 or 0 a line."""

import json
import logging
import sys

from math_verify import parse, verify

logging.disable(logging.CRITICAL)


def delimited(answer):
    """An answer as Math-Verify reads one: it looks for mathematics between delimiters."""
    return answer if "$" in answer or "\\boxed" in answer else f"${answer}$"


for line in sys.stdin:
    case = json.loads(line)
    try:
        correct = any(verify(parse(delimited(gold)), parse(case["answer"])) for gold in case["golds"])
    except Exception:
        correct = False
    print(int(correct), flush=True)
