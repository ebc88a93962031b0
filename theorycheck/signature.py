"""What a file is that is no table in text, by its first bytes (as the command `file` does)."""

_UNPACK, _EXPORT = "unpack it first", "save the table as CSV"
_BINARY = (
    (b"\x1f\x8b", "compressed by gzip (.gz)", "unpack it by gunzip"),
    (b"BZh", "compressed by bzip2 (.bz2)", "unpack it by bunzip2"),
    (b"\xfd7zXZ\x00", "compressed by xz (.xz)", "unpack it by unxz"),
    (b"\x28\xb5\x2f\xfd", "compressed by Zstandard (.zst)", "unpack it by unzstd"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive (.7z)", _UNPACK),
    (b"Rar!", "a RAR archive (.rar)", _UNPACK),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls) or another Office file", _EXPORT),
    (b"PAR1", "a Parquet file", "write it by DataFrame.to_csv(path, index=False)"),
    (b"ARROW1", "an Arrow or Feather file", "write it by DataFrame.to_csv(path, index=False)"),
    (b"FEA1", "a Feather file", "write it by DataFrame.to_csv(path, index=False)"),
    (b"\x89HDF", "an HDF5 file", _EXPORT),
    (b"MATLAB 5.0", "a MATLAB file (.mat)", _EXPORT),
    (b"\x93NUMPY", "a NumPy array (.npy)", _EXPORT),
    (b"SQLite format 3\x00", "an SQLite database", "export the table as CSV"),
    (b"%PDF", "a PDF", "copy the table out of it into a CSV file"),
    (b"\x89PNG", "a PNG image", "read the numbers off it into a CSV file"),
    (b"\xff\xd8\xff", "a JPEG image", "read the numbers off it into a CSV file"),
    (b"\x7fELF", "a program (ELF)", _EXPORT),
    *((bytes([0x80, protocol, last]), "a Python pickle", "write it by DataFrame.to_csv(path, index=False)")
      for protocol in range(2, 6) for last in b"\x95]}c(K"),
)  # fmt: skip
_ZIPPED = (
    (b"xl/", "an Excel workbook (.xlsx)", _EXPORT),
    (b"opendocument.spreadsheet", "an OpenDocument spreadsheet (.ods)", _EXPORT),
    (b"data.pkl", "a PyTorch file", _EXPORT),
    (b".npy", "NumPy arrays (.npz)", _EXPORT),
    (b"", "a zip archive", _UNPACK),
)
_TEXT = (
    (b"{", "JSON", "write the rows as CSV"),
    (b"[", "JSON", "write the rows as CSV"),
    (b"<!doctype html", "an HTML page", "save the table itself as CSV"),
    (b"<html", "an HTML page", "save the table itself as CSV"),
    (b"<", "XML or HTML", "save the table itself as CSV"),
    (b"|", "a Markdown table", "separate the fields by commas alone"),
    (rb"\begin", "a LaTeX table", "separate the fields by commas alone"),
)


def foreign(head: bytes) -> tuple[str, str] | None:
    """What a file with these first bytes is, if it is no plain table, and what makes one of it."""
    if head.startswith(b"PK\x03\x04"):
        return next((name, repair) for part, name, repair in _ZIPPED if part in head)
    text = head[:64].lstrip().lower()
    for start, signatures in ((head, _BINARY), (text, _TEXT)):
        for signature, name, repair in signatures:
            if start.startswith(signature):
                return name, repair
    return None
