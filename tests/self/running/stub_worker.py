"""Talks as a worker does and checks nothing; what happens depends on the adapter and the clause."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

ERRORS = "/somewhere/secret/file.py"


def say(**event: object) -> None:
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


def main() -> None:
    job = json.loads(sys.stdin.readline())
    if job["adapter"] == "refuses":
        say(type="Refused", message="not today")
        return
    versions = {"waiting": os.environ["OMP_WAIT_POLICY"]} if job["adapter"] == "waits" else {"stub": "1"}
    isolated = job["adapter"] == "isolated"
    routes = [clause for clause in job["clauses"] if clause.startswith("OPT-2")]
    say(type="Started", adapter=job["adapter"], versions=versions, isolated=isolated, about_routes=routes)
    while (request := json.loads(sys.stdin.readline()))["type"] == "Perform":
        clause = request["clause"]
        say(type="Checking", clause=clause, title="a title")
        if clause == "DIE-1":
            keep(os.path.join(job["journal"], "drawn"))
            print(f"trouble in {ERRORS}:3", file=sys.stderr)
            os.abort()
        if clause == "DIE-2":  # in the middle of a line, and a child keeps the pipe open
            subprocess.Popen(["sleep", "30"], stdout=sys.stdout)
            sys.stdout.write('{"type": "Checked", "outc')
            sys.stdout.flush()
            os._exit(0)
        if clause == "HNG-1":
            time.sleep(60)
        outcome = {"clause": clause, "title": str(os.getpid()), "verdict": "pass", "elements": 1}
        say(type="Checked", outcome=outcome, peak_memory_mib=1.5)
    say(type="Finished", warning="the door was stuck" if job["adapter"] == "sticks" else "")


def keep(path: str) -> None:
    """The case that is in progress."""
    import numpy as np

    from rnn_conformance.engine.case import Case
    from rnn_conformance.running.journal import Journal
    from rnn_reference.network import Cell, Layer, Network

    one = np.ones((1, 1), np.float32)
    network = Network(Layer(Cell(one, one, np.zeros(1, np.float32))))
    Journal(path).write(Case.of(network, one[None], route="loop"))


if __name__ == "__main__":
    main()
