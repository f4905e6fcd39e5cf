"""Grades the samples of an evaluation by Math-Verify.

Reads JSON Lines with gold and response from standard input. Writes a line each: correct, and the texts of the answers
that Math-Verify finds in the response.
"""

import json
import logging
import sys

from math_verify import parse, verify

logging.disable(logging.CRITICAL)


def delimited(answer):
    """An answer as Math-Verify reads one: it looks for mathematics between delimiters."""
    return answer if "$" in answer or "\\boxed" in answer else f"${answer}$"


for line in sys.stdin:
    sample = json.loads(line)
    try:
        found = parse(sample["response"])
        correct = verify(parse(delimited(sample["gold"])), found)
    except Exception:
        found, correct = [], False
    print(json.dumps({"correct": bool(correct), "found": [str(one) for one in found]}), flush=True)
