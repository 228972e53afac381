"""One function per verb: what a command, a notebook or the studio asks for, returned as plain records.

This is the only place where lab, analysis and views meet; it computes nothing itself.
"""

from typing import Literal

VERSION: Literal[1] = 1  # of every record
