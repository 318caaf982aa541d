# SPDX-License-Identifier: BSD-3-Clause
"""Compare what a command printed with what README.md says that it prints.

    python compare_output.py PRINTED EXPECTED

Words have to be equal. Numbers may differ by 0.03, because processors round differently.
"""

import re
import sys
from pathlib import Path

NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?")
TOLERANCE = 0.03


def words_and_numbers(path):
    """Words of a file with a mark for each number, and the numbers."""
    text = Path(path).read_text()
    words = " ".join(NUMBER.sub("#", text).split())
    return words, [float(number) for number in NUMBER.findall(text)]


def main():
    """Exit with a message if the two files differ."""
    (words, numbers), (expected_words, expected_numbers) = map(
        words_and_numbers, sys.argv[1:3]
    )
    pairs = zip(numbers, expected_numbers, strict=False)
    is_close = all(abs(a - b) <= TOLERANCE for a, b in pairs)
    if words != expected_words or not is_close:
        sys.exit(
            f"README.md says\n{expected_words}\n{expected_numbers}\nbut printed was\n"
            f"{words}\n{numbers}"
        )


if __name__ == "__main__":
    main()
