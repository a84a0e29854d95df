"""Runs cfn-lint and checkov on templates and compares what they find with
suppressions.txt: python check.py TEMPLATE..."""

import json
import pathlib
import subprocess
import sys


def run(tool, *args):
    """The JSON that a tool writes, whatever its status."""
    command = [str(pathlib.Path(sys.executable).parent / tool), *args]
    done = subprocess.run(command, capture_output=True, text=True)
    try:
        return json.loads(done.stdout or "[]")
    except json.JSONDecodeError:
        sys.exit(f"check: {tool} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")


def findings(files):
    """All findings as (id, where, what)."""
    for f in run("cfn-lint", "--format", "json", *files):
        place = f["Location"]
        yield f["Rule"]["Id"], f"{f['Filename']}:{place['Start']['LineNumber']}", f["Message"]
    args = [a for file in files for a in ("--file", file)]
    reports = run("checkov", "--framework", "cloudformation", "--skip-download", "--output", "json", "--quiet", *args)
    checked = 0
    for report in reports if isinstance(reports, list) else [reports]:
        checked += report["summary"]["passed"] + report["summary"]["failed"]
        if report["summary"]["parsing_errors"]:
            sys.exit(f"check: checkov cannot read {report['results']['parsing_errors']}")
        for f in report["results"]["failed_checks"]:
            yield f["check_id"], f"{f['file_path']} {f['resource']}", f["check_name"]
    if not checked:
        sys.exit("check: checkov has checked nothing")


def main(files):
    reasons = {}
    for line in (pathlib.Path(__file__).parent / "suppressions.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            check, _, reason = line.partition(" ")
            if not reason:
                sys.exit(f"check: suppressions.txt: {check} has no reason")
            reasons[check] = reason
    found, bad = {}, 0
    for check, where, what in findings(files):
        found[check] = found.get(check, 0) + 1
        if check not in reasons:
            print(f"{where}: {check}: {what}")
            bad += 1
    for check in reasons.keys() - found.keys():
        print(f"suppressions.txt: {check} is not found any more: remove the line")
        bad += 1
    print(f"{sum(found.values())} findings, {sum(found.values()) - sum(found[c] for c in found if c not in reasons)} with a reason")
    return 1 if bad else 0


sys.exit(main(sys.argv[1:]))
