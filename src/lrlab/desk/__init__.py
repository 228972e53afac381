"""One function per verb: what a command, a notebook or the studio asks for, answered as plain records.

The only place where the lab, the analysis and the views meet; it computes nothing itself.
"""

from typing import Literal

VERSION: Literal[1] = 1  # of every record
