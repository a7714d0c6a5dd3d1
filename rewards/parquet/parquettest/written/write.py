"""Writes the files of this folder with pyarrow (26 wrote those here): write.py FOLDER."""
import base64, datetime, io, sys
from decimal import Decimal as D
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

rows = [
    {"question": "a", "answer": "1", "id": "x1", "year": 2024, "test_names": ["a", "b"], "test_cases": [["a", "in", "out"], ["b", "in2"]], "grader_files": [["g.cpp", "int"], ["h.h", None]],
     "official_tests": None, "reward_model": {"style": "rule", "ground_truth": {"numbers": [3, 5, 7], "target": 22}}},
    {"question": "b", "answer": "2", "id": "x2", "year": None, "test_names": [], "test_cases": [[], None], "grader_files": None,
     "official_tests": [{"input": "1", "output": "2"}, {"input": "3", "output": None}], "reward_model": {"style": "rule", "ground_truth": None}},
    {"question": "c", "answer": "3", "id": "x3", "year": 2023, "test_names": None, "test_cases": None, "grader_files": [], "official_tests": [], "reward_model": None},
]
at = datetime.datetime(2024, 1, 2, 3, 4, 5, 678000)
types = pa.table({
    "money": pa.array([D("12.50"), D("-3.25"), D("0.01"), None], type=pa.decimal128(9, 2)),
    "big": pa.array([D("-123456789012345678.5"), D("0"), None, D("1.5")], type=pa.decimal128(30, 1)),
    "small": pa.array([0, 2**32 - 1, None, 7], type=pa.uint32()),
    "large": pa.array([2**64 - 1, 0, None, 7], type=pa.uint64()),
    "half": pa.array([1.5, -2.0, None, 65504], type=pa.float16()),
    "day": pa.array([datetime.date(2024, 2, 29), datetime.date(1969, 12, 31), None, None]),
    "at": pa.array([at, datetime.datetime(1969, 12, 31, 23, 59, 59), None, None], type=pa.timestamp("ms")),
    "clock": pa.array([datetime.time(1, 2, 3), None, None, None]),
})
words = ["", "ab", "abc", "abd", "b", None, "bcé", "bcéf"] * 6
delta = pa.table({
    "a": words, "b": words, "n": pa.array([(i * i * 7919) % 100003 - 50000 if i % 7 else None for i in range(48)], type=pa.int64()),
    "i": pa.array([2**31 - 1 if i % 2 else -2**31 for i in range(48)], type=pa.int32()), "x": [i / 8 for i in range(48)],
})
encodings = {"a": "DELTA_BYTE_ARRAY", "b": "DELTA_LENGTH_BYTE_ARRAY", "n": "DELTA_BINARY_PACKED", "i": "DELTA_BINARY_PACKED", "x": "BYTE_STREAM_SPLIT"}
for name, table, options in [
    ("nested", pa.Table.from_pylist(rows), {}), ("types", types, {}), ("decimalsAsIntegers", types, {"store_decimal_as_integer": True}),
    ("int96", pa.table({"at": pa.array([at, None])}), {"use_deprecated_int96_timestamps": True}),
    ("noRows", pa.table({"question": pa.array([], type=pa.string()), "answer": pa.array([], type=pa.string())}), {}),
    ("delta", delta, {"column_encoding": encodings, "write_page_checksum": True}),
]:
    out = io.BytesIO()
    pq.write_table(table, out, compression="zstd", write_statistics=False, store_schema=False, use_dictionary=False, **options)
    text = base64.b64encode(out.getvalue()).decode()
    Path(sys.argv[1], name + ".b64").write_text("".join(text[i:i + 120] + "\n" for i in range(0, len(text), 120)))
