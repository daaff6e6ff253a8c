"""Fuzzes one target: `python -m fuzz.one TARGET CORPUS [libFuzzer's options]`. Its process ends with the fuzzing."""

import sys

import atheris

with atheris.instrument_imports(include=["sentric_analyzer.receiver"]):
    from fuzz.targets import TARGETS

if __name__ == "__main__":
    name = sys.argv.pop(1)
    atheris.Setup(sys.argv, TARGETS[name].run)
    atheris.Fuzz()
