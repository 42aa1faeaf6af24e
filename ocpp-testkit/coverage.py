#!/usr/bin/env python3
"""Makes COVERAGE.md: which ids of the specification are cited by tests that ran and passed, and which conformance cases hold.

    cargo test --workspace 2>&1 | tee target/tests.log
    python3 ocpp-testkit/coverage.py target/tests.log           writes ocpp-testkit/COVERAGE.md
    python3 ocpp-testkit/coverage.py --check target/tests.log   fails if that would change it, or if an id in it is not in the code
    python3 ocpp-testkit/coverage.py --requirements             writes requirements.txt out of the specification's catalogues

A test cites an id in its body, its name's comment, or a table that it goes through. An id is a requirement of OCPP 2.x (`E04.FR.03`), a
section (`1.6 §5.6`, `OCPP-J 1.6 §4.2.3`, `Part 4 §4.1.4`) or a case (`TC_001_CS`). Where the specification's catalogues lie beside the repository, ids
that they do not have are refused.
"""

import collections
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TABLE = ROOT / "ocpp-testkit" / "COVERAGE.md"
REQUIREMENTS = ROOT / "ocpp-testkit" / "requirements.txt"
SPEC = ROOT.parent / "shared" / "spec"

REQUIREMENT = r"\b[A-S]\d\d\.FR\.\d+\b"
SECTION = r"\b(?:OCPP-J 1\.6|Part 4|1\.6|2\.0\.1|2\.1) §\d+(?:\.\d+)*"
CASE = r"\bTC_(?:[A-Z]_)?\d+(?:_\d+)?_(?:CS|CSMS)\b"
ID = re.compile("|".join((REQUIREMENT, SECTION, CASE)))

# The functional blocks of OCPP 2.x.
BLOCKS = {
    "A": "Security",
    "B": "Provisioning",
    "C": "Authorization",
    "D": "Local authorization list",
    "E": "Transactions",
    "F": "Remote control",
    "G": "Availability",
    "H": "Reservation",
    "I": "Tariff and cost",
    "J": "Metering",
    "K": "Smart charging",
    "L": "Firmware management",
    "M": "Certificates",
    "N": "Diagnostics",
    "O": "Display message",
    "P": "Data transfer",
    "Q": "Bidirectional power transfer",
    "R": "DER control",
    "S": "Battery swap",
}

EDITIONS = ("2.0.1", "2.1")


def requirements():
    """The ids of the requirements of each edition: what the shares are of."""
    ids = {edition: set() for edition in EDITIONS}
    for line in REQUIREMENTS.read_text().splitlines():
        if line.startswith("#"):
            continue
        edition, use_case, *spans = line.split()
        for span in spans:
            first, _, last = span.partition("-")
            numbers = range(int(first), int(last or first) + 1)
            ids[edition] |= {f"{use_case}.FR.{number:0{len(first)}}" for number in numbers}
    return ids


def catalogued():
    """The same out of the specification's catalogues, as the lines of the file. What errata took out is none."""
    yield "# The ids of the functional requirements of each edition: the edition, the use case, its numbers."
    yield "# Written by `coverage.py --requirements` out of the specification's catalogues."
    for edition in EDITIONS:
        found = json.loads((SPEC / f"requirements-{edition}.json").read_text())["requirements"]
        numbers = collections.defaultdict(set)
        for requirement in found:
            if re.fullmatch(REQUIREMENT, requirement["id"]) and requirement["status"] != "deleted":
                use_case, _, number = requirement["id"].split(".")
                numbers[use_case].add(number)
        for use_case in sorted(numbers):
            spans = []
            for number in sorted(numbers[use_case], key=int):
                if spans and int(spans[-1][1]) == int(number) - 1:
                    spans[-1][1] = number
                else:
                    spans.append([number, number])
            yield " ".join([edition, use_case, *(a if a == b else f"{a}-{b}" for a, b in spans)])


def tracked():
    """The hand-written sources."""
    names = subprocess.run(["git", "ls-files", "*.rs"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in names.split():
        text = (ROOT / name).read_text()
        if not text.startswith("// @generated"):
            yield name, text


def place_of(name):
    """The crate that a file belongs to, and its module's path, as the test harness names them."""
    crate, _, rest = name.partition("/src/")
    if rest:
        parts = rest.removesuffix(".rs").split("/")
    else:
        crate, _, rest = name.partition("/tests/")
        crate, parts = f"{crate}/tests", rest.removesuffix(".rs").split("/")
        parts = parts[1:]
    return crate, [part for part in parts if part not in ("mod", "lib", "main")]


def tests_of(name, text):
    """Each test of a file: its full name, and the ids that it cites."""
    crate, path = place_of(name)
    lines = text.splitlines()
    modules = []
    for number, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        while modules and line.strip() and indent <= modules[-1][0] and not line.lstrip().startswith("}"):
            modules.pop()
        if inline := re.match(r"\s*(?:pub(?:\(crate\))? )?mod (\w+) \{", line):
            modules.append((indent, inline[1]))
        if not re.match(r"\s*#\[(?:tokio::)?test\b", line):
            continue
        first = number
        while first > 0 and re.match(r"\s*(///|#\[)", lines[first - 1]):
            first -= 1
        function = next(n for n in range(number, len(lines)) if re.search(r"\bfn \w+", lines[n]))
        margin = re.match(r"\s*", lines[function])[0]
        last = next(n for n in range(function, len(lines)) if re.match(margin + r"\}", lines[n]) or n + 1 == len(lines))
        title = re.search(r"\bfn (\w+)", lines[function])[1]
        full = "::".join([*path, *(module for _, module in modules), title])
        yield crate, full, ID.findall("\n".join(lines[first : last + 1]))


def passed(log):
    """The names of the tests that passed, each with the crate or test binary that it is of."""
    binary = None
    for line in log.splitlines():
        if running := re.search(r"Running (?:unittests )?(\S+) \((?:.*/)?(\w+)-[0-9a-f]+\)", line):
            binary = running[2] if "src/" in running[1] else running[1]
        elif done := re.match(r"test (\S+)(?: - should panic)? \.\.\. ok$", line):
            yield binary, done[1]


def cited_by_tests(log):
    names = collections.Counter(name for _, name in passed(log))
    cited = collections.defaultdict(set)
    for file, text in tracked():
        for crate, name, ids in tests_of(file, text):
            if names[name]:
                for found in ids:
                    cited[found].add(f"{crate}: {name}")
    return cited


def conformance(version):
    """The verdicts of the cases of a version, against our own machines in virtual time."""
    command = ["cargo", "run", "--quiet", "-p", "ocpp-testkit", "--", "conformance", "--ocpp", version, "--json"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return [json.loads(line) for line in ran.stdout.splitlines()]


def key(found):
    """Sorts numbers by their size."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", found)]


def table(head, rows):
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(str(cell) for cell in row) + " |"
    yield ""


VERDICTS = ["pass", "fail", "inconclusive", "not applicable"]


def cases_of(version, cases, group, name_of):
    """The counts by what `name_of` finds in a case, and the verdict of each case."""
    counts = collections.Counter((name_of(case), case["verdict"]) for case in cases)
    yield f"## Conformance cases of {version}, against our own machines"
    yield ""
    names = sorted({name for name, _ in counts})
    yield from table((group, *VERDICTS), ((name, *(counts[name, verdict] for verdict in VERDICTS)) for name in names))
    rows = ((case["case"], case["verdict"], case.get("reason") or "") for case in sorted(cases, key=lambda c: key(c["case"])))
    yield from table(("case", "verdict", "why"), rows)


def block_and_role(case):
    """The letter of a case is that of its functional block."""
    letter = case["case"][3]
    return f"{letter}. {BLOCKS[letter]}, {case['role']}"


def render(cited, cases):
    yield "# Coverage"
    yield ""
    yield "Made by `ocpp-testkit/coverage.py` out of what ran and passed; CI fails when it is stale."
    yield ""
    for edition, ids in requirements().items():
        known, seen = collections.Counter(found[0] for found in ids), collections.Counter(found[0] for found in ids & set(cited))
        yield f"## Requirements of OCPP {edition}, by functional block"
        yield ""
        rows = [(f"{letter}. {name}", seen[letter], known[letter]) for letter, name in BLOCKS.items() if known[letter]]
        rows.append(("all", seen.total(), known.total()))
        yield from table(("block", "cited by passing tests", f"in {edition}"), rows)
    yield from cases_of("1.6", cases["1.6"], "role", lambda case: case["role"])
    yield from cases_of("2.0.1", cases["2.0.1"], "block and role", block_and_role)
    yield "## Ids and the tests that cite them"
    yield ""
    rows = ((found, "<br>".join(f"`{test}`" for test in sorted(cited[found]))) for found in sorted(cited, key=key))
    yield from table(("id", "tests"), rows)


def unknown(ids):
    """The ids that the specification's catalogues do not have. None of them is asked where they are not there."""
    if not SPEC.is_dir():
        return []
    files = [*SPEC.glob("requirements-*.json"), *SPEC.glob("testcases-*.json"), *SPEC.rglob("*.md")]
    text = "".join(file.read_text() for file in files)
    known = set(ID.findall(text))
    # Part 5 has one number for both roles.
    known |= {f"{number}_{role}" for number in re.findall(r"\bTC_[A-Z]_\d+\b", text) for role in ("CS", "CSMS")}
    return [found for found in ids if "§" not in found and found not in known]


def main():
    if sys.argv[1:] == ["--requirements"]:
        REQUIREMENTS.write_text("\n".join(catalogued()) + "\n")
        return
    arguments = [argument for argument in sys.argv[1:] if argument != "--check"]
    if len(arguments) != 1:
        sys.exit(__doc__)
    cited = cited_by_tests(pathlib.Path(arguments[0]).read_text())
    if not cited:
        sys.exit(f"{arguments[0]} names no test that passed and cites an id")
    text = "\n".join(render(cited, {version: conformance(version) for version in ("1.6", "2.0.1")})).rstrip() + "\n"

    if wrong := unknown(set(ID.findall(text))):
        sys.exit(f"ids that the specification does not have: {', '.join(sorted(wrong))}")
    if "--check" not in sys.argv:
        TABLE.write_text(text)
        return
    committed = TABLE.read_text()
    code = "".join(source for _, source in tracked())
    if gone := [found for found in ID.findall(committed) if found not in code]:
        sys.exit(f"COVERAGE.md names ids that the code does not: {', '.join(sorted(set(gone)))}")
    if committed != text:
        sys.exit("COVERAGE.md is stale; run: " + __doc__.split("\n\n")[1].strip().replace("\n", " && "))


if __name__ == "__main__":
    main()
