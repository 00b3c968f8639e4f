import json

import pytest
from report_runs import header, sample, write_records

from verigrad.errors import RunError
from verigrad.evaluate.records import checked_line, read_records, read_rows
from verigrad.evaluate.resume import begin, finish

ROWS = [sample(i, status, k=k) for i, status in enumerate(("correct", "wrong", "no_answer")) for k in range(2)]
KEYS = {row["key"] for row in ROWS}
HOSTILE = "\x1b[2J\u202e\ud800 </script> \u2028 \x00"


def head(rows=ROWS, **measured):
    made = header(rows, **measured)
    return {"measured": made["measured"], "made_by": made["made_by"]}


@pytest.fixture
def file(tmp_path):
    write_records(tmp_path / "a.jsonl", ROWS)
    return tmp_path / "a.jsonl"


def edit(file, number, change):
    lines = file.read_bytes().splitlines(keepends=True)
    lines[number - 1] = change(lines[number - 1])
    file.write_bytes(b"".join(lines))


def test_records_are_read_back(file):
    records = read_records(file)
    assert [s.problem for s in records.samples] == [row["problem"] for row in ROWS]
    assert (records.missing, records.seconds) == (0, None)
    assert records.part("held_out", "sampled") == list(records.samples)
    assert records.part("ood", "sampled") == []


def test_any_text_survives(tmp_path):
    write_records(tmp_path / "a.jsonl", [sample(1, "wrong", response=HOSTILE, detail=HOSTILE)])
    _, row = read_rows(tmp_path / "a.jsonl")
    assert (row["response"], row["detail"]) == (HOSTILE, HOSTILE)


def test_going_on_keeps_what_is_whole(file):
    whole = file.read_bytes()
    file.write_bytes(whole[:-25])  # a crash tore the last line
    assert begin(file, head(), KEYS) == {row["key"] for row in ROWS[:-1]}
    assert read_records(file).missing == 1
    file.write_bytes(whole)
    assert begin(file, head(), KEYS) == {row["key"] for row in ROWS}
    assert file.read_bytes() == whole


def test_every_cut_of_the_file_can_be_gone_on_with(file):
    whole = file.read_bytes()
    for cut in range(whole.index(b"\n") + 1, len(whole)):
        file.write_bytes(whole[:cut])
        done = begin(file, head(), KEYS)
        with file.open("ab") as stream:
            stream.truncate(file.read_bytes().rfind(b"\n") + 1)
        with file.open("ab") as stream:
            stream.write(b"".join(checked_line(row) for row in ROWS if row["key"] not in done))
        assert file.read_bytes() == whole


def test_what_came_in_another_order_is_put_in_order(file):
    whole = file.read_bytes()
    write_records(file, [*ROWS[3:], *ROWS[:3]])
    finish(file, [row["key"] for row in ROWS])
    assert file.read_bytes() == whole


def test_unscored_samples_are_measured_again(file):
    write_records(file, [*ROWS[:-1], {**ROWS[-1], "status": "unscored"}])
    assert ROWS[-1]["key"] not in begin(file, head(), KEYS)
    assert len(read_records(file).samples) == len(ROWS) - 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"weights": "w2"},
            "weights differs ('w1' then, 'w2' now); move it away to measure anew, or choose another place with --out",
        ),
        ({"samples": 7}, "samples differs"),
        ({"decodings": {}}, "decodings differs"),
    ],
)
def test_another_measurement_is_refused(file, change, message):
    with pytest.raises(RunError) as refused:
        begin(file, head(**change), KEYS)
    assert message in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


def test_a_model_that_moved_is_the_same_and_another_command_as_well(file):
    other = head(model="/elsewhere")
    other["made_by"]["command"] = "verigrad eval elsewhere"
    before = file.read_bytes()
    begin(file, other, KEYS)
    assert file.read_bytes() == before


def test_every_edit_by_hand_is_found(file):
    original = file.read_bytes()
    for old, new in (
        (b'"wrong"', b'"correct"'),
        (b'"num_tokens": 12', b'"num_tokens": 2'),
        (b"question 1", b"question 9"),
    ):
        number = next(i for i, line in enumerate(original.splitlines(), 1) if old in line)
        edit(file, number, lambda line, old=old, new=new: line.replace(old, new, 1))
        with pytest.raises(RunError, match=rf"a.jsonl:{number}: was changed after it was recorded .*; restore it, or"):
            read_records(file)
        file.write_bytes(original)


def test_foreign_and_damaged_files_are_one_line_each(file, tmp_path):
    def said(change, number=2):
        original = file.read_bytes()
        edit(file, number, change)
        with pytest.raises(RunError) as refused:
            read_records(file)
        file.write_bytes(original)
        assert "\n" not in str(refused.value)
        return str(refused.value).removeprefix(str(file))

    assert said(lambda _: b"{torn\n").startswith(":2: not a file of records: the line is not JSON")
    assert said(lambda _: b'{"a": 1}\n').startswith(":2: not a line of records of this version")
    assert said(lambda _: b"[1]\n").startswith(":2: not a line of records of this version")
    assert said(lambda line: line * 2).startswith(":3: repeats a sample that stands above it")
    assert said(lambda _: checked_line({**ROWS[0], "status": "great"})).startswith(":2: is no sample")
    assert said(lambda _: checked_line({**ROWS[0], "num_tokens": "9"})).startswith(":2: is no sample")
    assert said(lambda _: checked_line(ROWS[0]), 1).startswith(": not a file of records: its first line is not")
    assert said(lambda _: checked_line({**header(ROWS), "format": 1}), 1).startswith(": records of format 1; this")
    assert said(lambda _: checked_line({**header(ROWS), "measured": 3}), 1).startswith(":1: the header does not say")
    for name, text, message in (
        ("none.jsonl", None, "no such records; 'verigrad eval' writes them"),
        ("empty.jsonl", "", "it has no whole line"),
        ("torn.jsonl", '{"kind": "hea', "it has no whole line"),
        ("binary.jsonl", "\x00\n", "the line is not JSON"),
    ):
        if text is not None:
            (tmp_path / name).write_text(text)
        with pytest.raises(RunError, match=message):
            read_records(tmp_path / name)


def test_what_does_not_fit_together_is_refused(file):
    def said(*rows, **measured):
        write_records(file, rows, **measured)
        with pytest.raises(RunError, match="does not fit the others or the header") as refused:
            read_records(file)
        return str(refused.value)

    first, second = ROWS[:2]
    assert "sample 0 of sums/0" in said(first, {**second, "sample": 0})
    assert said(first, {**second, "prompt": "another"})
    assert said(first, {**second, "gold": "another"})
    assert said(first, second, decodings={"greedy": {"samples": 2}})
    assert said(first, second, decodings={"sampled": {"samples": 1}})


@pytest.mark.parametrize(
    "change",
    [
        {"num_tokens": -1}, {"num_tokens": True}, {"think_tokens": 10**400}, {"sample": -1}, {"level": [1]}, {"key": 7},
        {"split": "train"}, {"finished": 1}, {"level": True}, {"cluster": None},
    ],
    ids=str,
)  # fmt: skip
def test_values_that_no_sample_has_are_refused(file, change):
    write_records(file, [{**ROWS[0], **change}])
    with pytest.raises(RunError, match=":2: is no sample"):
        read_records(file)


def test_nothing_can_be_said_after_the_checksum(file):
    edit(file, 2, lambda line: line.replace(b"}\n", b', "status": "wrong"}\n'))
    with pytest.raises(RunError, match=":2: was changed after it was recorded"):
        read_records(file)
    edit(file, 2, lambda line: line.replace(b', "status": "wrong"}\n', b"}\r\n"))
    with pytest.raises(RunError, match=":2: was changed after it was recorded"):
        read_records(file)


def test_a_header_that_a_crash_tore_is_begun_again(file):
    whole = file.read_bytes()
    seconds_of = file.with_name("a.seconds.jsonl")
    for torn in (b"", whole[:9], whole[:200]):
        file.write_bytes(torn)
        seconds_of.write_text('{"samples": 1, "seconds": 9}\n')
        assert begin(file, head(), KEYS) == set()
        assert read_records(file).seconds is None
    with pytest.raises(RunError, match="is a folder; records are a file"):
        begin(file.parent, head(), KEYS)


def test_samples_of_another_plan_are_never_dropped(file):
    before = file.read_bytes()
    with pytest.raises(RunError, match="which is not part of this measurement"):
        begin(file, head(), KEYS - {ROWS[2]["key"]})
    assert file.read_bytes() == before


def test_a_secret_that_is_a_word_of_the_file_spoils_nothing(file, monkeypatch):
    monkeypatch.setenv("MY_TOKEN", "held_out")
    write_records(file, [{**ROWS[0], "response": "held_out"}])
    (row,) = list(read_rows(file))[1:]
    assert (row["split"], row["response"]) == ("held_out", "***")


def test_seconds_stand_in_a_file_of_their_own(file):
    clock = file.with_name("a.seconds.jsonl")
    clock.write_text('{"samples": 3, "seconds": 1.5}\n{"samples": 3, "seconds": 2.0}\n{"samp')
    assert read_records(file).seconds == 3.5
    for odd in ('"long"', "-5", "1e999", "1" + 400 * "0", "null"):
        clock.write_text(f'{{"seconds": {odd}}}\n')
        with pytest.raises(RunError, match="not seconds of records; remove it"):
            read_records(file)


def test_no_secret_is_recorded(tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-verysecret")
    write_records(tmp_path / "a.jsonl", [sample(1, "wrong", response="my key is sk-verysecret")])
    assert "sk-verysecret" not in (tmp_path / "a.jsonl").read_text()
    assert json.loads((tmp_path / "a.jsonl").read_text().splitlines()[1])["response"] == "my key is ***"
    read_records(tmp_path / "a.jsonl")
