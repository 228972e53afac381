"""The schedule as a value, and what joins and changes schedules. The folder is the registry of their kinds."""

from lrlab.core.expression.vocabulary import import_all

import_all(__name__, __path__)
