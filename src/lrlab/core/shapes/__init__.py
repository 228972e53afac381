"""The leaves of a schedule. The folder is the registry: every module in it declares words of the text form."""

from lrlab.core.expression.vocabulary import import_all

import_all(__name__, __path__)
