"""Controllers: schedules that listen. The folder is the registry: every module in it declares words."""

from lrlab.core.expression.vocabulary import import_all

import_all(__name__, __path__)
