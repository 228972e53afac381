"""The schemas of documents and of the file of a study."""

import jsonschema
import pytest

from lrlab.desk.schemas import of_command, of_file
from lrlab.desk.study_file import StudyFile


def test_a_document_is_the_answer_or_an_error():
    """Never both, never neither; fields may be added."""
    schema = of_command("list", "lrlab.desk.schedules:WordsDocument")
    for good in ({"version": 1, "words": []}, {"version": 1, "error": "no"}, {"version": 1, "words": [], "more": 1}):
        jsonschema.validate(good, schema)
    for bad in ({"version": 2, "words": []}, {"version": 1}, {"version": 1, "words": 3}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(bad, schema)


def test_the_file_of_a_study_is_closed():
    """An editor marks a key that is none."""
    schema = of_file(f"{StudyFile.__module__}:StudyFile")
    jsonschema.validate({"compare": {"task": "digits", "folds": 3, "arm": {"a": "cosine()"}}}, schema)
    for bad in ({"compare": {"task": "digits", "foldz": 3}}, {"compares": {}}, {"tune": {"task": "a"}}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(bad, schema)
