"""Makes the data files of this folder: the same three problems in each of the formats that datasets come in.

    python -m venv venv && venv/bin/pip install pyarrow && venv/bin/python make-fixtures.py
"""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

HERE = Path(__file__).parent
SUFFIX = " Please output the final answer within \\boxed{}."
PROBLEMS = [("What is 3 + 4?", "7"), ("What is $\\frac{1}{2} + \\frac{1}{3}$?", "\\frac{5}{6}"), ("2 * 21 = ?", "42")]


def messages(question, keys):
    values = {"role": "user", "content": question + SUFFIX}
    return [{key: values[key] for key in keys}]


def verl(index, question, answer, keys=("content", "role"), ability="ability", number=str):
    return {
        "data_source": "fixture",
        "prompt": messages(question, keys),
        ability: "MATH",
        "reward_model": {"ground_truth": answer, "style": "rule"},
        "extra_info": {"index": number(index), "original_question": question},
    }


def write(name, rows, **options):
    pq.write_table(pa.Table.from_pylist(rows), HERE / name, **options)


numbered = [(i, question, answer) for i, (question, answer) in enumerate(PROBLEMS)]
write("verl.parquet", [verl(*row) for row in numbered], compression="snappy")
write(
    "verl-other-order.parquet",
    [
        verl(*row, keys=("role", "content"), ability="abality", number=int) | {"__index_level_0__": row[0]}
        for row in numbered
    ],
    compression="zstd",
    row_group_size=2,
)
write(
    "old-lists.parquet",
    [verl(*row) for row in numbered],
    compression="none",
    use_compliant_nested_type=False,
    use_dictionary=False,
    data_page_version="2.0",
)
write(
    "trl.parquet",
    [{"prompt": question, "solution": f"So it is $\\boxed{{{answer}}}$."} for _, question, answer in numbered],
    compression="gzip",
)
(HERE / "verl.jsonl").write_text("".join(json.dumps(verl(*row)) + "\n" for row in numbered))
(HERE / "trl.json").write_text(
    json.dumps([{"prompt": messages(q, ("role", "content")), "answer": a} for _, q, a in numbered], indent=1)
)
(HERE / "gsm8k.jsonl").write_text(
    "".join(
        json.dumps({"question": question, "answer": f"We think.\n#### {answer}"}) + "\n"
        for _, question, answer in numbered
    )
)
