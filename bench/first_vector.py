"""Encodes one question and ends: what `bench.encoder` times from the start of the process.

Example: python -m bench.first_vector openvino
"""

import argparse

from brain.encoder import make_encoder
from brain.settings import load_settings


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("engine", choices=("openvino", "torch"))
    given = parser.parse_args()
    encoder = make_encoder(load_settings(encoder={"provider": "embedded", "engine": given.engine}))
    assert encoder.encode_questions(["Combien de temps pour un remboursement ?"]).shape[0] == 1


if __name__ == "__main__":
    main()
