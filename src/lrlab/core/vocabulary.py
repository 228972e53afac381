"""The former place of `lrlab.core.expression.vocabulary`: kept for one release."""

from lrlab.core.expression.vocabulary import VOCABULARY, argument, formula, node, preset, sentence, shape, signature

__all__ = ["VOCABULARY", "argument", "formula", "node", "preset", "sentence", "shape", "signature"]
