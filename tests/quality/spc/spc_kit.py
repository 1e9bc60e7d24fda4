"""The worked cases and the published data that several tests of control charts use."""

import json
from pathlib import Path
from typing import Any

_FILE = json.loads((Path(__file__).parents[2] / "cases" / "spc-cases.json").read_text())

CASES: dict[str, dict[str, Any]] = {case["id"]: case for case in _FILE["cases"]}
RECALLED: dict[str, dict[str, Any]] = {case["id"]: case for case in _FILE["recalled_cases"]}
EDGE_RULES: dict[str, str] = {case["id"]: case["rule"] for case in _FILE["edge_cases"]}
ARL: dict[str, Any] = _FILE["arl"]


def _rings(text: str) -> list[list[float]]:
    """Diameters in mm, written as thousandths above 73.9."""
    return [[round(73.9 + int(piece) / 1000, 3) for piece in line.split()] for line in text.strip().splitlines()]


# Inside diameters of piston rings, 5 a sample: Montgomery, Introduction to Statistical Quality Control, as in its 2nd
# edition and in the examples of R qcc. Later editions print sample 21 with 73.982 and 74.015.
RINGS = _rings("""
130 102 119 92 108
95 92 101 111 104
88 124 121 105 102
102 96 93 115 109
92 107 115 89 114
109 94 97 85 93
95 106 94 100 105
85 103 93 115 88
108 95 109 105 104
98 100 90 107 95
94 98 94 95 90
104 100 107 100 96
83 102 98 97 112
106 67 94 100 84
112 114 98 99 107
100 84 105 98 96
94 112 86 105 107
106 110 118 103 100
84 102 103 105 97
100 110 113 120 103
88 101 109 105 96
104 99 90 106 109
110 89 90 109 114
115 108 93 100 110
82 84 95 117 113
""")

RINGS_LATER_EDITIONS = [*RINGS[:20], [73.982, 74.001, 74.015, 74.005, 73.996], *RINGS[21:]]

# The next 15 samples of the same process, same book, table 6E.
LATER_RINGS = _rings("""
112 115 130 86 100
95 110 90 115 101
87 99 85 100 90
108 110 103 91 106
103 100 101 86 97
94 103 115 120 104
108 102 118 105 95
101 104 90 96 98
115 100 116 125 100
130 105 100 116 112
101 90 95 110 124
115 120 124 105 119
135 110 112 115 126
117 113 136 125 126
110 105 129 100 120
""")

# Nonconforming cans of orange juice, 50 a sample, 30 samples: same book, table 7.1 (also NIST/SEMATECH 6.3.3.2).
CANS = [12, 15, 8, 10, 4, 7, 16, 9, 14, 10, 5, 6, 17, 12, 22, 8, 10, 5, 13, 11, 20, 18, 24, 15, 9, 12, 7, 13, 9, 6]

# Nonconformities on printed circuit boards, 100 boards a sample, 26 samples: same book, table 7.7.
BOARDS = [21, 24, 16, 12, 15, 5, 28, 20, 31, 25, 20, 24, 16, 19, 10, 17, 13, 22, 18, 39, 30, 24, 16, 19, 17, 15]

# Nonconformities in 5 personal computers a sample, 20 samples: same book, table 7.10.
COMPUTERS = [10, 12, 8, 14, 10, 16, 11, 7, 10, 15, 9, 5, 7, 11, 12, 6, 8, 10, 7, 5]

# Nonconformities in rolls of dyed cloth of so many units of 50 square metres: same book, table 7.11.
CLOTH = [(14, 10), (12, 8), (20, 13), (11, 10), (7, 9.5), (10, 10), (21, 12), (16, 10.5), (19, 12), (23, 12.5)]
