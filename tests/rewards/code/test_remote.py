import json
import signal
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from verigrad_rewards import Problem, ProblemError, Response, Status
from verigrad_rewards.code import AssertTest, CallTest, Job, Judge, SandboxUnavailableError, StdioTest, code_tests
from verigrad_rewards.code.judge import SAID, verdict
from verigrad_rewards.code.remote import MAX_CALLS, open_remote
from verigrad_rewards.code.services import find_service

FAST = (0.001, 0.002)
FUSION_LIMIT = 1 << 20


class Server(ThreadingHTTPServer):
    """Speaks both protocols and really runs what it is sent; ``moods`` says how it fails at its next requests."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.moods, self.bodies, self.limit, self.old, self.room = [], [], 1 << 20, False, 100_000
        self.over = threading.Event()

    def handle_error(self, *_):
        """Say nothing of a client that went away."""

    def address(self, kind):
        return f"{kind}+http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.bodies.append(body)
        mood = self.server.moods.pop(0) if self.server.moods else None
        if len(body) > self.server.room:
            self.reply(400, b'{"stack": "PayloadTooLargeError: request entity too large"}')
        elif isinstance(mood, int):
            self.reply(mood, b'{"message": "mood"}')
        elif isinstance(mood, bytes):
            self.reply(200, mood)
        elif isinstance(mood, dict):
            self.reply(200, json.dumps(mood).encode())
        elif mood is None:
            run = {"/run_code": self.fusion, "/api/v2/execute": self.piston}[self.path]
            self.reply(200, json.dumps(run(json.loads(body))).encode())
        else:
            getattr(self, mood)()

    def reply(self, code, data):
        self.send_response(code)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def hang(self):
        self.server.over.wait(10)

    def drip(self):
        while not self.server.over.wait(0.02):
            self.wfile.write(b"H")

    def flood(self):
        self.send_response(200)
        self.send_header("Content-Length", str(100 << 20))
        self.end_headers()
        piece = b'"' * (1 << 20)
        for _ in range(100):
            try:
                self.wfile.write(piece)
            except OSError:
                return

    def break_off(self):
        self.send_response(200)
        self.send_header("Content-Length", "100")
        self.end_headers()
        self.wfile.write(b'{"status"')

    def no_http(self):
        self.wfile.write(b"SSH-2.0-OpenSSH_9.7\r\n")

    def fusion(self, order):
        assert order["language"] == "python"
        out, err, code = execute(order["code"], order["stdin"], order["run_timeout"])
        if code is None:
            result = {"status": "TimeLimitExceeded", "return_code": None, "stdout": out, "stderr": err}
        else:
            out = out[:FUSION_LIMIT]
            result = {"status": "Finished", "return_code": code, "stdout": out, "stderr": err}
        return {"status": "Failed" if code != 0 else "Success", "message": "", "run_result": result}

    def piston(self, order):
        assert (order["language"], order["version"]) == ("python", ">=3.10")
        (file,) = order["files"]
        out, err, code = execute(
            file["content"], order["stdin"] + "\n" * (order["stdin"][-1:] != "\n"), order["run_timeout"] / 1000
        )
        run = {"stdout": out, "stderr": err, "code": code, "signal": None, "message": None, "status": None}
        if code is None or code < 0:
            run |= {"code": None, "signal": signal.Signals(-code).name if code else "SIGKILL"}
            run |= {"status": "SG" if code else "TO"}
        if len(out) > self.server.limit:
            run |= {"stdout": out[: self.server.limit], "code": None, "signal": "SIGKILL", "status": "OL"}
        if self.server.old:
            del run["status"], run["message"]
        return {"language": "python", "version": "3.12.0", "run": run}


def execute(source, stdin, timeout_s):
    """Return what a program writes, and its exit status, None where its time was over."""
    with tempfile.NamedTemporaryFile("w", suffix=".py") as file:
        file.write(source)
        file.flush()
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", file.name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            return *process.communicate(stdin, timeout_s), process.returncode
        except subprocess.TimeoutExpired:
            process.kill()
            return *process.communicate(), None


@pytest.fixture(scope="module")
def server():
    with pytest.MonkeyPatch.context() as patch, Server() as server:
        patch.setenv("no_proxy", "127.0.0.1")
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.over.set()
        server.shutdown()


@pytest.fixture
def moody(server):
    """The server, well again afterwards."""
    yield server
    server.limit, server.old = 1 << 20, False
    server.moods.clear()


@pytest.fixture(scope="module")
def fusion(server):
    remote = open_remote(server.address("fusion"), FAST)
    yield remote
    remote.close()


@pytest.fixture(scope="module")
def piston(server):
    remote = open_remote(server.address("piston"), FAST)
    yield remote
    remote.close()


def judged(remote, job):
    return verdict(remote, job, job.tests)


CALLS = [CallTest([3], 10), CallTest([-1], -2, {"add": 1})]
PRINT = [StdioTest("1 2 3\n", "6\n")]
F = "def f(x, add=1): return "
MEMORY = [
    AssertTest("assert f() == 1\nassert f() == 2"),
    AssertTest(
        "assert f() == 1\ntry:\n    f('x')\nexcept TypeError: pass\nelse: raise AssertionError\nassert f() == 2"
    ),
]
SORT = [AssertTest("def check(candidate):\n    a = [2, [1], 1]\n    assert candidate(a) is None and a == [1, 2, [1]]")]
COUNT = "n = 0\ndef f(*a):\n    global n\n    if a: raise TypeError(*a)\n    n += 1\n    return n"
JOBS = {
    "right": Job(f"print('noise')\n{F}3 * x + add", CALLS, "f"),
    "wrong": Job(f"{F}10", CALLS, "f"),
    "wrong in part": Job(f"{F}10", CALLS[::-1], "f", partial=True),
    "prelude": Job(f"{F}three * x + add", CALLS, "f", prelude="three = 3"),
    "raises": Job(f"{F}{{}}['é']", CALLS, "f"),
    "raises at once": Job("1 / 0", CALLS, "f"),
    "no function": Job("g = 1", CALLS, "f"),
    "no syntax": Job("def f(x) return", CALLS, "f"),
    "surrogate": Job("def f(x): return '\ud800'", CALLS, "f"),
    "leaves": Job("import os\ndef f(x): os._exit(3)", CALLS, "f"),
    "crashes": Job("import os\ndef f(x): os.abort()", CALLS, "f"),
    "ends badly": Job(f"import os, atexit\natexit.register(os._exit, 5)\n{F}10", CALLS[:1], "f"),
    "memory": Job("def f(x): return [0] * 10**9", CALLS, "f"),
    "late": Job("def f(x):\n    while True: pass", CALLS, "f", timeout_s=0.1),
    "a thread": Job(f"import threading\nt = threading.Thread(target=int); t.start(); t.join()\n{F}10", CALLS[:1], "f"),
    "asks for input": Job(f"{F}input()", CALLS, "f"),
    "prints": Job("print(sum(map(int, input().split())))", PRINT),
    "prints and fails": Job("print(6)\nimport sys\nprint('?', file=sys.stderr)\nraise KeyError('é')", PRINT),
    "prints and leaves": Job("print(6)\nraise SystemExit('x')", PRINT),
    "prints and waits": Job("print(6, flush=True)\nimport time\ntime.sleep(9)", PRINT, timeout_s=0.1),
    "remembers": Job(COUNT, MEMORY[1:], "f"),
    "forgets": Job("def f(): return 1", MEMORY[:1], "f"),
    "changes": Job("def f(a): a.sort(key=str, reverse=False); a.sort(key=lambda x: isinstance(x, list))", SORT, "f"),
    "leaves a test": Job("import os\ndef f(*a): os._exit(0)", MEMORY[:1], "f"),
    "late in a test": Job("import time\ndef f(*a): time.sleep(9)", MEMORY[:1], "f", timeout_s=0.1),
}


EARN = {"right", "prelude", "a thread", "prints", "remembers", "changes"}
ENDS = [*"raises leaves crashes late memory prints changes".split(), "prints and fails"]


@pytest.fixture(scope="module")
def here():
    with Judge(1, "none") as judge:
        return dict(zip(JOBS, judge.judge_many(list(JOBS.values())), strict=True))


@pytest.mark.parametrize(("kind", "names"), [("fusion", list(JOBS)), ("piston", ENDS)])
def test_verdicts_are_those_of_a_local_judge(server, here, kind, names):
    with Judge(2, server.address(kind)) as judge:
        there = dict(zip(names, judge.judge_many([JOBS[name] for name in names]), strict=True))
    assert there == {name: here[name] for name in names}
    assert {name for name, each in there.items() if each.reward == 1.0} == EARN & set(names)


@pytest.mark.parametrize("kind", ["piston", "fusion"])
def test_nothing_expected_leaves_this_machine(moody, request, kind):
    moody.bodies.clear()
    jobs = [
        Job(f"{F}2 * 3", [CallTest([1], 70707071)], "f"),
        Job("print(6)", [StdioTest("in 1\n", "70707072\n")]),
        Job(f"{F}6", [AssertTest("assert f(1) == 70707073", "limit = 70707074")], "f"),
    ]
    details = [judged(request.getfixturevalue(kind), job).detail for job in jobs]
    assert [f"7070707{n}" in detail for n, detail in enumerate(details, 1)] == [True] * 3
    own = [body for body in moody.bodies if b"x" * 9999 not in body]  # without what the fixture asked
    assert [b"2 * 3" in own[0], b"in 1" in own[1], len(own)] == [True, True, 3]
    assert not any(b"7070707" in body or b"assert f" in body for body in moody.bodies)


FORGE = f"""
import os, re
def write(line):
    for handle in range(32):
        try:
            os.write(handle, line)
        except OSError:
            pass
def forge():
    write(b'\\n%s {{"value": 10}}\\n' % (b'0' * 32))
    write(b'{{"value": 10}}\\n \\n')
    write(b'no end')
import atexit
atexit.register(forge)
{F}forge() or """


@pytest.mark.parametrize(("value", "reward"), [("11", 0.0), ("10", 1.0)])
def test_a_program_answers_by_its_function_alone(fusion, value, reward):
    said = judged(fusion, Job(FORGE + value, CALLS[:1], "f"))
    assert (said.reward, said.detail) == (reward, "all 1 tests pass" if reward else WRONG)


WRONG = "test 1 of 1: f(3) gives 11, expected 10"


def test_a_service_that_recovers_is_asked_again(moody, fusion):
    for moods in ([503, 503], [429, "break_off"], [502, 504]):
        moody.moods[:] = moods
        assert judged(fusion, Job(f"{F}10", CALLS[:1], "f")).status is Status.CORRECT
        assert not moody.moods


FAILURES = [
    ("fusion", [503] * 3, 'HTTP 503 in 3 tries ({"message": "mood"})'),
    ("piston", [500], 'HTTP 500 ({"message": "mood"})'),
    ("piston", [400], 'HTTP 400 ({"message": "mood"})'),
    ("piston", [302], "HTTP 302"),
    ("fusion", ["hang"] * 3, "no reply in 3 tries (nothing within 0.03 s)"),
    ("fusion", ["drip"] * 3, "no reply in 3 tries (nothing within 0.03 s)"),
    ("fusion", ["break_off"] * 3, "no reply in 3 tries (IncompleteRead(9 bytes read, 91 more expected))"),
    ("fusion", ["no_http"], "no HTTP: BadStatusLine"),
    ("fusion", [b"\xff garbage"], "a reply that SandboxFusion does not give (\ufffd garbage)"),
    ("fusion", [b"[" * 100_000], "a reply that SandboxFusion does not give ([["),
    ("fusion", [b"null"], "a reply that SandboxFusion does not give (null)"),
    ("fusion", [{}], "a reply that SandboxFusion does not give ({})"),
    ("fusion", [{"status": "Success", "run_result": None}], "a reply that SandboxFusion does not give ("),
    ("fusion", [{"status": "SandboxError", "message": "no\nroom"}], "SandboxError (no room)"),
    ("fusion", [{"status": "SandboxError", "message": "a" * 999}], f"SandboxError ({'a' * 80} ... {'a' * 115})"),
    ("piston", [{"run": {"status": "XX", "message": "no box"}}], "an error of its sandbox (no box)"),
    ("piston", [{"run": {"stdout": "", "stderr": "", "code": None, "signal": []}}], "a reply that Piston does not"),
    ("piston", [{"message": "busy"}], 'a reply that Piston does not give ({"message": "busy"})'),
]


@pytest.mark.parametrize(("kind", "moods", "found"), FAILURES)
def test_a_failing_service_is_no_wrong_answer(moody, kind, moods, found):
    moody.moods[:] = moods
    grace_s = 0.01 if moods[0] in ("hang", "drip") else 10
    with pytest.raises(SandboxUnavailableError) as caught:
        find_service(moody.address(kind), FAST, grace_s).run("", "", 0.02, 256)
    message, link = str(caught.value), find_service(moody.address(kind)).link
    assert message.startswith(f"{link.url}: found {found}")
    assert message.endswith(f"; see that {link.name} runs there and what its log says, or use another sandbox")
    assert "\n" not in message
    assert not moody.moods


def test_a_service_that_is_not_there_is_named():
    with pytest.raises(SandboxUnavailableError) as caught:
        open_remote("piston+http://127.0.0.1:9", FAST)
    found = "found no reply in 3 tries ([Errno 111] Connection refused)"
    assert str(caught.value).startswith(f"http://127.0.0.1:9/api/v2/execute: {found}; see that Piston runs there")


@pytest.mark.parametrize(
    ("reply", "found"),
    [
        ({"status": "Success", "run_result": {"status": "Finished", "return_code": 0, "stdout": "", "stderr": ""}},
         "status 0 and 'no answer'"),
        ({"status": "Failed", "run_result": {"status": "Finished", "return_code": 1, "stdout": "", "stderr": "a\nno: b\n"}},
         "status 1 and 'no: b'"),
        ({"status": "Failed", "run_result": {"status": "TimeLimitExceeded", "return_code": None}}, "no answer in 2 s"),
        ("flood", "output cut short (its limit is too low; Piston's is PISTON_OUTPUT_MAX_SIZE)"),
    ],
)  # fmt: skip
def test_a_service_proves_itself_first(moody, reply, found):
    moody.moods[:] = [reply]
    with pytest.raises(SandboxUnavailableError) as caught:
        open_remote(moody.address("fusion"), FAST)
    assert f"found {found} from a test program where Python 3.10 prints 65536 characters; see" in str(caught.value)


LOUD = Job("print('x' * 70000)", [StdioTest("", "x\n")])
LONG = Job("print('x' * 70000)", [StdioTest("", "x" * 70000)])


@pytest.mark.parametrize("job", [LOUD, LONG])
def test_too_much_output_is_the_programs_fault_unless_a_test_asks_for_it(moody, piston, job):
    moody.moods[:] = ["flood"]
    assert judged(piston, job).detail == "test 1 of 1: output: more than is allowed"
    moody.limit = 66_000
    if job is LOUD:
        assert judged(piston, job).detail == "test 1 of 1: output: more than is allowed"
    else:
        with pytest.raises(SandboxUnavailableError, match="cut after 66000 of 70000 characters that a test expects"):
            judged(piston, job)


@pytest.mark.parametrize(
    "job",
    [
        Job(f"{F}10 # {'x' * 90_000}", CALLS, "f"),
        Job(f"print(6) # {'x' * 90_000}", PRINT),
        Job("def f(a): a.append('x' * 90_000)", [AssertTest("a = []\nf(a)\nf(a)")], "f"),
    ],
)
def test_a_long_program_is_at_fault_where_the_service_takes_none(piston, job):
    said = judged(piston, job)
    assert said.reward == 0.0
    assert said.detail.endswith(": the program or what it returns is too long for the service")


@pytest.mark.parametrize(
    "job", [Job("print(6)", [StdioTest("x" * 90_000, "6")]), Job(F, [CallTest(["x" * 90_000], 6)], "f")]
)
def test_a_long_test_is_no_fault_of_a_program(piston, job):
    with pytest.raises(
        SandboxUnavailableError, match="found that an order of 1[0-9]{5} bytes is too large; see that Piston"
    ):
        judged(piston, job)


def test_old_piston_gives_no_status(moody, piston):
    moody.old = True
    said = judged(piston, Job("while True: pass", PRINT, timeout_s=0.1))
    assert (said.status, said.detail) == (Status.TIMEOUT, "test 1 of 1: timeout: more than 0.1 s")


def test_a_test_that_cannot_run_is_a_problem(fusion):
    with pytest.raises(ProblemError, match="test 1 cannot be run: .*boom"):
        judged(fusion, Job(f"{F}10", [AssertTest("assert f(1)", "raise OSError('boom')")], "f"))
    with pytest.raises(ProblemError, match="allowed is plain data"):
        judged(fusion, Job(f"{F}10", [CallTest([object()], 1)], "f"))
    assert judged(fusion, Job(f"{F}10", [AssertTest("assert f(1)")], "f")).reward == 1.0


def test_calls_of_a_test_come_to_an_end(fusion):
    fusion.max_calls = 3
    said = judged(fusion, Job(f"{F}10", [AssertTest("while True: assert f(1)")], "f"))
    fusion.max_calls = MAX_CALLS
    assert (said.status, said.detail) == (Status.TIMEOUT, "test 1 of 1: timeout: more than 3 calls")


def test_a_service_that_fails_in_a_test_of_assertions_is_an_error(moody, fusion):
    moody.moods[:] = [503] * 3
    with pytest.raises(SandboxUnavailableError, match="HTTP 503 in 3 tries"):
        judged(fusion, Job(f"{F}10", [AssertTest("try: f(1)\nexcept BaseException: assert 1")], "f"))


def test_layers_name_the_service_and_are_said_once(server, monkeypatch, capsys):
    monkeypatch.delenv(SAID, raising=False)
    monkeypatch.delenv("LOCAL_RANK", raising=False)
    url = f"http://127.0.0.1:{server.server_port}"
    with Judge(2, server.address("fusion")) as judge:
        judge.judge_many([Job("print(6)", PRINT)] * 3)
        assert judge.layers() == f"remote: {url} (SandboxFusion)"
    assert capsys.readouterr().err == f"verigrad: programs run in remote: {url} (SandboxFusion)\n"


def test_the_reward_takes_an_address(server):
    problem = Problem("p", "?", "", info={"tests": PRINT})
    said = code_tests(problem, Response("<answer>print(6)</answer>"), sandbox=server.address("piston"))
    assert said.status is Status.CORRECT


@pytest.mark.parametrize("good", ["piston+http://host:2000", "fusion+https://a.b-c_d/p/q", "fusion+http://[::1]:80/"])
def test_addresses(good):
    Judge(1, good).close()


@pytest.mark.parametrize(
    "bad",
    ["http://host:1", "piston://host", "piston+ftp://host", "fusion+http://", "fusion+http://host:99999", "Fusion+http://h",
     "fusion+http://user:key@host", "fusion+http://host?x", "fusion+http://a..b", "fusion+http://h /", "judge0+http://h"],
)  # fmt: skip
def test_other_addresses_are_refused(bad):
    with pytest.raises(
        ValueError, match="allowed is auto, jail, bwrap, podman, docker, none, or the address of a judge"
    ):
        Judge(1, bad)
