"""``verigrad push``: upload the model of a run, its card and its records to the hub, with the user's own token.

All of it is one commit, so that what is published is whole. The token is found by the hub's own client (``HF_TOKEN`` or
``hf auth login``), which also heeds ``HF_ENDPOINT``; nothing here prints or keeps it.
"""

import contextlib
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from verigrad.card.write import write_card
from verigrad.errors import RunError, RunStoppedError
from verigrad.evaluate.records import Records, read_records, seconds_file
from verigrad.printable import one_line
from verigrad.run_folder import records_files

REPO = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*")
LOGIN = "log in with 'hf auth login', or set HF_TOKEN to a token that may write"
KEPT = "nothing of it is published; push again to go on"


def push(
    run: Path,
    repo: str,
    *,
    private: bool = False,
    license_of_base: str | None = None,
    license_of_data: Mapping[str, str] | None = None,
    say: Callable[[str], None] = print,
) -> str:
    """Write the card of ``run``, upload it with weights, tokenizer, recipe and records, and return the commit's URL.

    Args:
        run: finished and measured.
        repo: ``user/name``; it is made where it is not there.
        private: whether it must be private.
        license_of_base: licence of the start model, where no card of it says.
        license_of_data: licence by task, where the kit does not know.
        say: is told what is uploaded.

    Raises:
        RunError: something is missing, a licence is unknown, the records are of other weights, or the hub refuses.
        RunStoppedError: the hub cannot be reached, or the upload was interrupted.
    """
    check_name(repo)
    name = repo.partition("/")[2]
    write_card(run, name, license_of_base=license_of_base, license_of_data=license_of_data)
    with hub_errors(repo) as api:
        api.whoami()
    check_weights(run, read_records(records_files(run / "eval")[1]))
    files = list_files(run)
    size = sum(file.stat().st_size for file in files.values())
    with hub_errors(repo) as api:
        prepare(api, repo, private=private)
        say(f"{len(files)} files, {size / 1e6:,.1f} MB, go to {repo}")
        return upload(api, repo, files)


def check_name(repo: str) -> None:
    """Refuse what can be no repository.

    Raises:
        RunError: with what it looks like.
    """
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id

    try:
        validate_repo_id(repo)
    except HFValidationError:
        well = False
    else:
        well = REPO.fullmatch(repo) is not None
    if not well:
        raise RunError(f"repository {one_line(repo)!r}: allowed is user/name, of letters, digits and . _ -")


def check_weights(run: Path, after: Records) -> None:
    """Refuse records that are of other weights than those of the run.

    Raises:
        RunError: the model was trained further, or changed, after it was measured.
    """
    from verigrad.models.load import load_model, weights_hash

    measured = after.measured["weights"]  # None where an endpoint had the model, which the card then says
    if measured is not None and weights_hash(load_model(str(run / "model"), seed=0)) != measured:
        raise RunError(
            f"{after.file}: was measured with other weights than those of {run / 'model'}; move it away and run "
            f"'verigrad eval {run}' again"
        )


def list_files(run: Path) -> dict[str, Path]:
    """Return what is uploaded, by its path in the repository."""
    model = run / "model"
    files = {f.relative_to(model).as_posix(): f for f in sorted(model.rglob("*")) if f.is_file()}
    files = {name: file for name, file in files.items() if not any(p.startswith(".") for p in name.split("/"))}
    records = records_files(run / "eval")
    clocks = [clock for clock in map(seconds_file, records) if clock.is_file()]
    beside = {f"verigrad/eval/{file.name}": file for file in [*records, *clocks]}
    return {**files, "verigrad/recipe.yaml": run / "recipe.yaml", **beside}


def prepare(api: Any, repo: str, *, private: bool) -> None:
    """Make the repository where it is not there.

    Raises:
        RunError: it is there and public, and must be private.
    """
    api.create_repo(repo, private=private or None, exist_ok=True)
    if private and not api.repo_info(repo).private:
        raise RunError(f"repository {repo}: is there and public; make it private in its settings, or choose another")


def upload(api: Any, repo: str, files: Mapping[str, Path]) -> str:
    """Upload ``files`` as one commit and return its URL."""
    from huggingface_hub import CommitOperationAdd

    operations = [CommitOperationAdd(name, str(file)) for name, file in files.items()]
    return str(api.create_commit(repo, operations, commit_message="Upload model, card and records with verigrad"))


@contextlib.contextmanager
def hub_errors(repo: str) -> Iterator[Any]:
    """Give the hub's client; what goes wrong with the hub becomes one line.

    Raises:
        RunError: there is no token, or the hub refuses.
        RunStoppedError: it cannot be reached, or the upload was interrupted.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, HTTPError, LocalTokenNotFoundError, OfflineModeIsEnabled
    from huggingface_hub.utils import disable_progress_bars

    if not sys.stderr.isatty():
        disable_progress_bars()
    api = HfApi()
    try:
        yield api
    except RunError:
        raise
    except LocalTokenNotFoundError:
        raise RunError(f"the hub needs a token and there is none; {LOGIN}") from None
    except OfflineModeIsEnabled:
        raise RunError("HF_HUB_OFFLINE is set, so that nothing is sent; unset it to push") from None
    except HfHubHTTPError as error:
        raise refusal(error, repo) from None
    except HTTPError as error:
        reason = said(error)
        raise RunStoppedError(f"the hub at {api.endpoint} cannot be reached, or hung up: {reason}; {KEPT}") from None
    except (OSError, RuntimeError, ValueError) as error:  # of the uploads, which the client runs in threads
        raise RunStoppedError(f"{repo}: the upload was interrupted: {said(error.__cause__ or error)}; {KEPT}") from None


def refusal(error: Any, repo: str) -> RunError | RunStoppedError:
    """Return what an answer of the hub means."""
    status = error.response.status_code
    if status == 401:
        return RunError(f"the hub does not know the token (401); {LOGIN}")
    if status == 403:
        return RunError(f"the token may not write to {repo} (403); {LOGIN} to it")
    if status == 404:
        return RunError(f"repository {repo}: the hub knows no such place, or the token may not see it (404)")
    return RunStoppedError(f"{repo}: the hub answers {status}: {said(error)}; {KEPT}")


def said(error: BaseException) -> str:
    """Return the first line of what a client or server says, without a token and safe to print."""
    from huggingface_hub import get_token

    text = getattr(error, "server_message", None) or str(error)
    first = (text.strip().splitlines() or [type(error).__name__])[0]
    token = get_token()
    return one_line(first.replace(token, "***") if token else first)
