"""The service's log holds no personal data."""

import logging

import pytest

from api.cli import _Terminal


def test_personal_data_is_masked_in_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    logger = logging.Logger("test")
    logger.addHandler(_Terminal())
    logger.warning("request_id=%s failed for %s, 06 12 34 56 78", "0f8fad5bd9cb469fa16570867728950e", "jean@exemple.fr")

    assert capsys.readouterr().err == "request_id=0f8fad5bd9cb469fa16570867728950e failed for [E-MAIL], [TEL]\n"
