import bz2
import contextlib
import gzip
import io
import json
import lzma
import pickle
import sqlite3
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from theorycheck.errors import TableError
from theorycheck.table import MAX_ROWS, read_table

COUNTS = "alpha,n,successes,trials\n" + "".join(
    f"{a},{n},{s},10\n" for a in (0.1, 0.2, 0.4) for n, s in ((8, 1), (16, 9))
)
VALUES = "alpha,value\n0.1,40\n0.2,21.5\n0.2,19\n0.4,1e1\n"


@pytest.fixture
def written(tmp_path):
    def write(content: str | bytes) -> Path:
        path = tmp_path / "table.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def test_counts_are_read(written):
    table = read_table(written(COUNTS), ["alpha"])
    assert list(table) == ["alpha", "n", "successes", "trials"]
    assert [d.kind for d in table.dtypes] == ["f", "i", "i", "i"]
    assert table["alpha"].tolist() == [0.1, 0.1, 0.2, 0.2, 0.4, 0.4]
    assert table["successes"].tolist() == [1, 9] * 3
    assert list(table.index) == list(range(6))


def test_measurements_are_read_and_may_repeat(written):
    table = read_table(written(VALUES), ["alpha"])
    assert list(table) == ["alpha", "value"]
    assert table["value"].tolist() == [40, 21.5, 19, 10]


def test_columns_come_in_one_order_and_seeds_as_text(written):
    content = 'seed, "censored",value,eta,alpha\r\n01,0,3.0,1,2\r\nb,1.0,4,2,4\r\n\r\nc, 0,5,+3,.5e1\r\n'
    table = read_table(written(content), ["alpha", "eta"])
    assert list(table) == ["alpha", "eta", "value", "censored", "seed"]
    assert table["censored"].tolist() == [0, 1, 0]
    assert table["censored"].dtype.kind == "i"
    assert table["seed"].tolist() == ["01", "b", "c"]
    assert table["alpha"].tolist() == [2, 4, 5]


def test_measurements_may_vary_n(written):
    assert read_table(written("n,value\n1,3\n2,4\n4,5\n"), ["n"])["n"].tolist() == [1, 2, 4]


def test_a_cell_may_repeat_with_another_seed(written):
    lines = COUNTS.splitlines()
    seeded = [lines[0] + ",seed"] + [f"{line},{seed}" for line in lines[1:] for seed in (0, 1)]
    assert len(read_table(written("\n".join(seeded)), ["alpha"])) == 12


def test_numbers_are_read_exactly(written):
    values = np.random.default_rng(0).lognormal(0, 30, 150)
    rows = "".join(f"{level},{value!r}\n" for level, value in enumerate(values.tolist(), 1))
    assert read_table(written("alpha,value\n" + rows), ["alpha"])["value"].tolist() == values.tolist()


def counts(line: str) -> str:
    """The counts with another last row, which is row 8."""
    return COUNTS + line + "\n"


def values(line: str) -> str:
    """The values with another last row, which is row 6."""
    return VALUES + line + "\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", ": the file is empty"),
        (" \n\n", ": the file is empty"),
        ("alpha,n,successes,trials\n", ": there is nothing below row 1"),
        (b"\xef\xbb\xbf" + COUNTS.encode(), r", row 1: a byte order mark \(BOM\)"),
        (COUNTS.encode() + b"0.4,3\xe9,1,10\n", ", row 8: not UTF-8: found the byte 0xe9"),
        (COUNTS.encode("utf-16"), ", row 1: not UTF-8: found the byte 0xff, as UTF-16 begins; save"),
        (
            COUNTS.encode("utf-16-be"),
            ", row 1: found a byte 0, as in UTF-16 and in files that are no text; save",
        ),
        (COUNTS.replace(",", " "), ", row 1: found no commas but 'alpha n successes"),
        ('"alpha";"value"\n1;2\n', ', row 1: found no commas but \'"alpha";"value"\''),
        (COUNTS.replace(",", ";"), ", row 1: found no commas but 'alpha;n;"),
        (COUNTS.replace(",", "\t"), r", row 1: found no commas but 'alpha\\tn"),
        (
            "alpha,n,successes\n1,2,3\n",
            ", row 1: columns are missing: 'trials'; found 'alpha', 'n', 'successes'",
        ),
        ("0.1,8,1,10\n0.2,8,1,10\n", ", row 1: columns are missing: 'alpha', 'n', 'successes', 'trials'"),
        ("alpha,censored\n1,0\n", ", row 1: columns are missing: 'value'; found"),
        ("eta,value\n1,2\n", ", row 1: columns are missing: 'alpha'; found"),
        ("alpha,value,note\n1,2,x\n", ", row 1: extra columns: 'note'; remove"),
        (",alpha,value\n0,1,2\n", ", row 1: extra columns: ''; remove"),
        ("alpha,value,n\n1,2,3\n", ", row 1: extra columns: 'n'; remove"),
        ("alpha,value,alpha\n1,2,3\n", ", row 1: columns with the same name: 'alpha'"),
        (counts("0.4,32,10"), ", row 8: expected 4 fields as in row 1, found 3"),
        (counts("0.4,32,10,10,"), ", row 8: expected 4 fields as in row 1, found 5"),
        (counts('"0.4,32,10,10'), ", row 8: cannot be split into fields"),
        (counts("0.4,many,10,10"), ", row 8, column n: expected a finite number, found 'many'"),
        (counts("\n\n,32,10,10"), ", row 10, column alpha: expected a finite number, found an empty field"),
        (counts("0.4, ,10,10"), ", row 8, column n: expected a finite number, found an empty field"),
        (counts("NaN,32,10,10"), ", row 8, column alpha: expected a finite number, found 'NaN'"),
        (counts("inf,32,10,10"), ", row 8, column alpha: expected a finite number, found 'inf'"),
        (counts("1_0,32,10,10"), ", row 8, column alpha: expected a finite number, found '1_0'"),
        (counts('"0,4",32,10,10'), ", row 8, column alpha: expected a finite number, found '0,4'"),
        (counts("1e999,32,10,10"), ", row 8, column alpha: expected a positive finite number"),
        (counts("0,32,10,10"), ", row 8, column alpha: expected a positive finite number, .*, found '0'"),
        (
            counts("-0.4,32,10,10"),
            ", row 8, column alpha: expected a positive finite number, .*, found '-0.4'",
        ),
        (counts("0.4,0,10,10"), ", row 8, column n: expected a whole number from 1 to .*, found '0'"),
        (counts("0.4,-32,10,10"), ", row 8, column n: expected a whole number from 1"),
        (counts("0.4,32.5,10,10"), r", row 8, column n: expected a whole number from 1 .*, found '32\.5'"),
        (counts("0.4,1e300,10,10"), ", row 8, column n: expected a whole number from 1"),
        (counts("0.4,32,9.5,10"), ", row 8, column successes: expected a whole number from 0"),
        (counts("0.4,32,-1,10"), ", row 8, column successes: expected a whole number from 0"),
        (counts("0.4,32,0,0"), ", row 8, column trials: expected a whole number from 1"),
        (counts("0.4,32,9,9.5"), ", row 8, column trials: expected a whole number from 1"),
        (
            counts("0.4,32,11,10"),
            ", row 8, column successes: expected no more successes than trials, found '11'",
        ),
        (counts("0.40,8,3,10"), ", row 8: same alpha, n as in row 6; add up"),
        (values("0.4,-1"), ", row 6, column value: expected a positive finite number"),
        (values("0.4,0"), ", row 6, column value: expected a positive finite number"),
        (
            values("0.4,x\x1b[31m" + "y" * 99),
            r", row 6, column value: expected a finite number, found 'x\\x1b\[31myy",
        ),
        (
            "alpha,value,censored\n1,2,2\n",
            ", row 2, column censored: expected a whole number from 0 to 1, found '2'",
        ),
        (
            "alpha,value,censored\n1,2,yes\n",
            ", row 2, column censored: expected a finite number, found 'yes'",
        ),
        ("alpha,value,censored\n1,2,1\n2,3,1\n4,3,1\n", ": all values are censored"),
        ("alpha,value,seed\n1,2,\n", ", row 2, column seed: expected a seed, found an empty field"),
        ("alpha,value\n1,2\n1,3\n", ", column alpha: an exponent needs 3 different levels, found 1"),
        (
            "alpha,value\n" + "".join(f"{i},1\n" for i in range(1, 300)),
            ", column alpha: more than 200 different levels, found 299; round or bin them",
        ),
        ("alpha,value\n1,2\n2,3\n2.0,4\n", ", column alpha: an exponent needs 3 different levels, found 2"),
        (
            COUNTS.replace(",9,10", ",0,10").replace(",1,10", ",0,10"),
            ": all trials are failures, so that no threshold",
        ),
        (
            COUNTS.replace(",9,10", ",9,9").replace(",1,10", ",1,1"),
            ": all trials are successes, so that no threshold",
        ),
    ],
)
def test_a_table_that_bears_no_fit_is_refused(written, content, message):
    path = written(content)
    with pytest.raises(TableError, match=f"^{path}{message}"):
        read_table(path, ["alpha"])


def test_each_seed_may_hold_a_cell_once(written):
    path = written("alpha,n,successes,trials,seed\n1,2,0,1,a\n1,2,1,1,b\n1,2,1,1,a\n")
    with pytest.raises(TableError, match=r"^.*, row 4: same alpha, n, seed as in row 2; add up"):
        read_table(path, ["alpha"])


@pytest.mark.parametrize(("factor", "content"), [("n", COUNTS), ("seed", VALUES), ("value", VALUES)])
def test_a_variable_cannot_be_called_like_another_column(written, factor, content):
    with pytest.raises(TableError, match=rf"^.*, row 1: a variable of the law is called '{factor}'"):
        read_table(written(content), [factor])


def test_what_cannot_be_read_is_refused(written, tmp_path, monkeypatch):
    with pytest.raises(TableError, match=r"^.*none\.csv: cannot be read: No such file"):
        read_table(tmp_path / "none.csv", ["alpha"])
    with pytest.raises(TableError, match=r"^.*: cannot be read: Is a directory"):
        read_table(tmp_path, ["alpha"])

    def denied(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = written(COUNTS)
    monkeypatch.setattr(Path, "open", denied)  # file modes do not bind every user
    with pytest.raises(TableError, match=r"^.*: cannot be read: Permission denied; give"):
        read_table(path, ["alpha"])


def test_millions_of_rows_are_refused_at_once(written):
    path = written(b"alpha,value\n" + b"0.1,1\n" * (10 * MAX_ROWS))
    started = time.monotonic()
    with pytest.raises(TableError, match=f"^.*: more than {MAX_ROWS} rows"):
        read_table(path, ["alpha"])
    assert time.monotonic() - started < 1


def test_the_largest_table_is_read(written, monkeypatch):
    monkeypatch.setattr("theorycheck.table.MAX_ROWS", 4)
    for content in (
        VALUES,
        VALUES.strip(),
        VALUES.replace("\n", "\n\n"),
        VALUES.replace("\n", "\r\n") + "\r\n" * 3,
    ):
        assert len(read_table(written(content), ["alpha"])) == 4
    for content in (VALUES + "0.4,1\n", VALUES + "0.4,1"):
        with pytest.raises(TableError, match=r"^.*: more than 4 rows"):
            read_table(written(content), ["alpha"])


@pytest.mark.slow
def test_a_million_rows_are_read_in_seconds_and_little_memory(written):
    rows = "".join(f"{2 ** (i % 10)},{i + 1}.25,0,{i}\n" for i in range(MAX_ROWS))
    path = written("alpha,value,censored,seed\n" + rows)
    code = f"""
import re, time
from pathlib import Path
from theorycheck.table import read_table
started = time.process_time()
table = read_table(Path({str(path)!r}), ["alpha"])
print(len(table), table["value"].sum(), time.process_time() - started)
print(re.search(r"VmHWM:\\s+([0-9]+)", Path("/proc/self/status").read_text())[1])
"""  # getrusage counts the parent's memory, too
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    length, total, seconds, kilobytes = map(float, ran.stdout.split())
    assert (length, total) == (MAX_ROWS, MAX_ROWS * (MAX_ROWS + 1) / 2 + MAX_ROWS / 4)
    assert seconds < 30
    assert kilobytes < 450_000


def test_what_is_wrong_in_a_late_row_is_named(written):
    rows = "".join(f"{2 ** (i % 10)},1\n" for i in range(100_000))
    with pytest.raises(
        TableError, match=r"^.*, row 100002, column value: expected a finite number, found 'x'"
    ):
        read_table(written("alpha,value\n" + rows + "1,x\n"), ["alpha"])
    with pytest.raises(TableError, match=r"^.*, row 100003: expected 2 fields as in row 1, found 1"):
        read_table(written("alpha,value\n" + rows + "\n1\n"), ["alpha"])


def test_a_grid_of_40_by_40_levels_is_read(written):
    rows = "".join(f"{a},{b},{a * b}\n" for a in range(1, 41) for b in range(1, 41))
    assert len(read_table(written("a,b,value\n" + rows), ["a", "b"])) == 1600


def workbook(*names: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in names:
            archive.writestr(zipfile.ZipInfo(name), "x")  # of a fixed date
    return content.getvalue()


def database(path: Path) -> bytes:
    with contextlib.closing(sqlite3.connect(path)) as opened:
        opened.execute("CREATE TABLE t (x)")
    return path.read_bytes()


@pytest.mark.parametrize(
    ("content", "name"),
    [  # equal in every process, as pytest-xdist wants
        (gzip.compress(COUNTS.encode(), mtime=0), r"compressed by gzip \(.gz\)"),
        (bz2.compress(COUNTS.encode()), "compressed by bzip2"),
        (lzma.compress(COUNTS.encode()), "compressed by xz"),
        (workbook("[Content_Types].xml", "xl/workbook.xml"), "an Excel workbook"),
        (workbook("x.npy"), "NumPy arrays"),
        (workbook("table.csv"), "a zip archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook"),
        (b"PAR1\x15\x04", "a Parquet file"),
        (b"%PDF-1.7\n", "a PDF"),
        (json.dumps({"alpha": [1, 2]}).encode(), "JSON"),
        (b'\n [{"alpha": 1}]', "JSON"),
        (b"<!DOCTYPE html><table>", "an HTML page"),
        (b"\n<html>", "an HTML page"),
        (b"<?xml version='1.0'?>", "XML or HTML"),
        (b"| alpha | value |\n|---|---|\n", "a Markdown table"),
        *((pickle.dumps({"alpha": [1]}, protocol), "a Python pickle") for protocol in range(2, 6)),
        *(
            (pickle.dumps(pd.DataFrame({"alpha": [1]}), protocol), "a Python pickle")
            for protocol in range(2, 6)
        ),
    ],
)
def test_other_files_are_named_as_what_they_are(written, content, name):
    with pytest.raises(TableError, match=rf"^.*table.csv: this is {name}.*, no CSV file; "):
        read_table(written(content), ["alpha"])


def test_a_database_is_named_as_what_it_is(tmp_path, written):
    with pytest.raises(TableError, match=r": this is an SQLite database, no CSV file; export"):
        read_table(written(database(tmp_path / "db")), ["alpha"])


def test_the_table_is_a_plain_frame(written):
    assert type(read_table(written(VALUES), ["alpha"])) is pd.DataFrame
