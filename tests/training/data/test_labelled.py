"""Tables of labelled texts: what is read, and each thing that can be wrong with one."""

import json
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from symrnn.errors import DataError, SymrnnError
from symrnn.training.data import Options, open_data
from symrnn.training.data.examples import Examples
from symrnn.training.data.labelled import read_table

ALL = Options(validation=0)


def opened(path: Path, content: str | bytes, options: Options = ALL) -> Examples:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return cast(Examples, open_data(path, options))


def texts(data: Examples) -> list[str]:
    assert data.vocabulary is not None
    return [data.vocabulary.decode(each) for each in data.x]


def test_two_classes_are_one_number(tmp_path: Path) -> None:
    data = opened(tmp_path / "a.csv", "text,label\nmovie was good,pos\nmovie was not good,neg\n")
    assert data.task.kind == "binary"
    assert data.task.dims == {"D": 5, "C": 1}
    assert (data.task.labels, data.task.ids) == (("neg", "pos"), ("x",))
    assert texts(data) == ["movie was good", "movie was not good"]
    (batch,) = data.train_batches(0, np.random.default_rng(0))
    assert batch["x"].shape == (4, 2)
    at = int(np.argmin(batch["lengths"]))
    assert batch["x"][3, at] == 0
    assert batch["y"].tolist() == [[float(n == at)] for n in range(2)]
    assert (batch["tokens"], data.steps, data.ragged) == (7, 4, True)


def test_more_classes_are_ids_and_numbers_are_sorted_as_numbers(tmp_path: Path) -> None:
    data = opened(tmp_path / "a.csv", "text,label\na,10\nb,9\nc,-1\nd,9\n")
    assert (data.task.kind, data.task.labels) == ("classes", ("-1", "9", "10"))
    assert (data.task.ids, data.task.outputs) == (("x", "y"), 3)
    (batch,) = data.train_batches(0, np.random.default_rng(0))
    assert sorted(batch["y"].tolist()) == [0, 1, 1, 2]
    assert batch["y"].shape == (4,)


def test_numbers_for_regression(tmp_path: Path) -> None:
    options = Options(validation=0, regress=True)
    data = opened(tmp_path / "a.csv", "text,label\na,1.5\nb,-2e1\n", options)
    assert (data.task.kind, data.task.outputs) == ("regress", 1)
    assert np.asarray(data.y).tolist() == [[1.5], [-20]]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", '\ufefftext,label\r\n"a, ""b""\r\nc",1\r\n\r\nd,2\r\n'),
        ("a.csv", '\n\nText;Class\n"a, ""b""\nc";1\n\nd; 2 '),
        ("a.CSV", 'id,label,text\n7,1,"a, ""b""\nc"\n8,2,d'),
        ("a.tsv", 'sentiment\treview\n1\t"a, ""b""\nc"\n2\td\n'),
        ("a.jsonl", '{"text": "a, \\"b\\"\\nc", "label": 1}\r\n\n{"label": "2", "text": "d"}'),
    ],
)
def test_ways_to_write_the_same(name: str, content: str, tmp_path: Path) -> None:
    data = opened(tmp_path / name, content)
    assert texts(data) == ['a , " b " c', "d"]
    assert data.task.labels == ("1", "2")


def test_columns_that_are_asked_for(tmp_path: Path) -> None:
    options = Options(validation=0, text="label", label="text")
    data = opened(tmp_path / "a.csv", "text,label\n1,good\n2,bad\n", options)
    assert texts(data) == ["good", "bad"]


def test_line_ends_in_texts_are_one_character(tmp_path: Path) -> None:
    options = Options(validation=0, unit="characters")
    data = opened(tmp_path / "a.csv", b'text,label\r\n"a\r\nb",1\r\nc,2\r\n', options)
    assert texts(data) == ["a\nb", "c"]


def test_a_line_separator_within_a_cell_is_no_end_of_a_line(tmp_path: Path) -> None:
    table = opened(tmp_path / "a.csv", "text,label\na\u2028b\x0bc,1\nd,2\n")
    assert texts(table) == ["a b c", "d"]
    assert read_table(tmp_path / "a.csv").lines == (2, 3)


def test_a_text_may_be_long(tmp_path: Path) -> None:
    data = opened(tmp_path / "a.csv", f"text,label\n{'word ' * 200_000},1\nd,2\n")
    assert data.steps == 200_000


def test_the_vocabulary_is_of_the_training_part(tmp_path: Path) -> None:
    rows = "".join(f"same own{n},{n % 2}\n" for n in range(20))
    data = opened(tmp_path / "a.csv", f"text,label\n{rows}", Options(validation=0.2, min_count=1))
    assert len(data.validation) == 4
    assert data.vocabulary is not None
    assert len(data.vocabulary) == 1 + 1 + 16
    held = [data.vocabulary.decode(data.x[row]) for row in data.validation]
    assert held == ["same <unk>"] * 4
    kept = np.asarray(data.y)[data.validation].ravel()
    assert sorted(kept.tolist()) == [0, 0, 1, 1]


def test_what_is_cut_and_what_is_unknown_is_said(tmp_path: Path) -> None:
    rows = "text,label\na b c d,1\na b c,2\na b,2\n"
    data = opened(tmp_path / "a.csv", rows, Options(validation=0, steps=2, max_size=3))
    assert data.remarks == (
        "2 of 3 sequences are longer than 2 steps and are cut there",
        "the vocabulary has 2 of 4 words; the others are unknown",
    )
    assert texts(data) == ["a b"] * 3
    assert not data.ragged


BAD: list[tuple[str, str | bytes, dict[str, Any], str]] = [
    ("a.csv", "", {}, " is empty; expected a text"),
    ("a.csv", "\ufeff", {}, " is empty; expected a text"),
    ("a.csv", "\n\n", {}, " holds empty lines alone; expected a header and rows"),
    (
        "a.csv",
        "text,label\n\n",
        {},
        " has a header and no rows; expected a row for each example",
    ),
    (
        "a.csv",
        b"text,label\na,1\n\xff,2\n",
        {},
        ", line 3: this is no UTF-8 (byte 16 of the file); expected a text in UTF-8: convert it",
    ),
    (
        "a.csv",
        "text,label\n".encode("utf-16"),
        {},
        " is a text in UTF-16; expected UTF-8: convert it",
    ),
    (
        "a.csv",
        "what,label\na,1\n",
        {},
        " has the columns 'what', 'label'; expected one called 'text'. Give it that name, or say"
        " which holds the texts",
    ),
    (
        "a.csv",
        "text,kind\na,1\n",
        {},
        " has the columns 'text', 'kind'; expected one called 'label'. Give it that name, or say"
        " which holds the labels",
    ),
    (
        "a.csv",
        "body,label\na,1\n",
        {"text": "bdy"},
        " has the columns 'body', 'label', and none called 'bdy'; did you mean 'body'?",
    ),
    (
        "a.csv",
        "x,x,label\na,b,1\n",
        {"text": "x"},
        " has the columns 'x', 'x', 'label', more than one called 'x'",
    ),
    (
        "a.csv",
        "text,label\na,1\n",
        {"label": "text"},
        ": the column 'text' cannot be both text and label",
    ),
    (
        "a.csv",
        'text,label\n"two\nlines",1\nb, \n',
        {},
        ", line 4: the label is empty; expected one in the column 'label'",
    ),
    (
        "a.csv",
        "text,label\na,yes\nb,yes\n",
        {},
        ", column 'label': every label is 'yes'; expected two classes or more, or numbers and"
        " regression",
    ),
    (
        "a.csv",
        'text,label\n"a\nb",1\n\nc\n',
        {},
        ", line 5: 1 cell; expected 2, as in the header. A text with ',' in it stands in quotes",
    ),
    (
        "a.csv",
        "text,label\nwell, no,1\n",
        {},
        ", line 2: 3 cells; expected 2, as in the header. A text with ',' in it stands in quotes",
    ),
    (
        "a.csv",
        'text,label\na,1\n"b,2\nc,3\n',
        {},
        ', line 3: unexpected end of data; expected each cell in quotes or without any, and ""'
        " for a quote inside of quotes",
    ),
    (
        "a.csv",
        'text,label\n"a" b,1\n',
        {},
        ", line 2: ',' expected after '\"'; expected each cell in quotes or without any, and \"\""
        " for a quote inside of quotes",
    ),
    (
        "a.csv",
        "text,label\na,1\n ,2\n",
        {},
        ", line 3: the text ' ' holds no words; expected one or more",
    ),
    (
        "a.csv",
        "text,label\na,1\nb,high\n",
        {"regress": True},
        ", line 3: the label is 'high'; expected a finite number, since regression is asked for",
    ),
    (
        "a.csv",
        "text,label\na,1\nb,inf\n",
        {"regress": True},
        ", line 3: the label is 'inf'; expected a finite number, since regression is asked for",
    ),
    (
        "a.csv",
        "text,label\n" + "".join(f"a,{n}.5\n" for n in range(30)),
        {},
        ", column 'label': 30 different numbers are labels, such as 0.5; ask for regression if"
        " they are values, or give classes names",
    ),
    (
        "a.csv",
        "text,label\na,1\nb,2\n",
        {"validation": 0.5},
        ": there are too few examples to keep some apart for validation; expected two in any class"
        " or more: give more, or a share of 0",
    ),
    ("a.jsonl", "\n", {}, " holds empty lines alone; expected an object in each line"),
    (
        "a.jsonl",
        '{"text": "a", "label": 1}\n{"text"',
        {},
        ", line 2: no JSON: Expecting ':' delimiter, column 8; expected an object in each line",
    ),
    (
        "a.jsonl",
        "[1]",
        {},
        ', line 1: no object; expected one, such as {"text": "…", "label": "…"}',
    ),
    (
        "a.jsonl",
        '{"text": "a", "label": 1}\n{"text": "a"}',
        {},
        ", line 2: 'label' is missing; expected a text or a number",
    ),
    (
        "a.jsonl",
        '{"text": 5, "label": 1}',
        {},
        ", line 1: 'text' is a number; expected a text",
    ),
]


@pytest.mark.parametrize(("name", "content", "options", "said"), BAD)
def test_bad_tables(
    name: str, content: str | bytes, options: dict[str, Any], said: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    with pytest.raises(SymrnnError) as error:
        opened(path, content, Options(**{"validation": 0, **options}))
    assert str(error.value) == f"{path}{said}"


def test_labels_of_any_plain_kind_in_json(tmp_path: Path) -> None:
    labels = [True, 3, 2.5, "x"]
    lines = "\n".join(json.dumps({"text": "a", "label": label}) for label in labels)
    assert opened(tmp_path / "a.jsonl", lines).task.labels == ("2.5", "3", "true", "x")


@pytest.mark.parametrize("line", ["[" * 1_000_000, '{"text": "a", "label": ' + "9" * 9999 + "}"])
def test_json_without_end(line: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a.jsonl, line 1: no JSON: .*; expected an object in"):
        opened(tmp_path / "a.jsonl", line)


def test_one_class_is_an_error_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="every label is 'a'"):
        opened(tmp_path / "a.tsv", "text\tlabel\nx\ta\n")
