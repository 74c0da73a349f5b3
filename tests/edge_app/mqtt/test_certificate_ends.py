from __future__ import annotations

import base64
import contextlib
import random
import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge_app.errors import UsageError
from edge_app.mqtt.certificate_ends import DAY_S, SOON_DAYS, CertificateEnds, ends_of
from edge_app.mqtt.tls import TlsFiles
from tests.brokers_certificates import Authority

#: As `Authority.issue` makes them; 2050 and later are written in another form.
END_2099_S = datetime(2099, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp()
END_2020_S = datetime(2020, 1, 1, tzinfo=UTC).timestamp()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


def test_when_each_file_is_of_no_use_any_more(authority: Authority) -> None:
    assert ends_of(TlsFiles()) == {}
    context = ssl.create_default_context(cafile=authority.file)
    (trusted,) = context.get_ca_certs()
    assert ends_of(TlsFiles(authority.file, authority.issue("device").file)) == {
        "certificate_file": END_2099_S,
        "ca_file": ssl.cert_time_to_seconds(str(trusted["notAfter"])),
    }


def test_of_several_certificates(authority: Authority, tmp_path: Path) -> None:
    both = tmp_path / "both.pem"
    parts = [authority.issue("new"), authority.issue("old", is_expired=True)]
    both.write_bytes(b"# a word\n" + b"".join(each.file.read_bytes() for each in parts))
    # Of ours each is needed, of those that we trust one.
    assert ends_of(TlsFiles(both, both)) == {"certificate_file": END_2020_S, "ca_file": END_2099_S}


def test_soon_until_it_is_renewed(authority: Authority, tmp_path: Path) -> None:
    file, clock_s = tmp_path / "device.pem", [0.0]
    now_s = END_2099_S - SOON_DAYS * DAY_S
    file.write_bytes(authority.issue("device").file.read_bytes())
    seen = {
        moment: CertificateEnds(
            TlsFiles(None, file),
            now_s=lambda moment=moment: now_s + moment,
            clock_s=lambda: clock_s[0],
        )
        for moment in (-1, 1)
    }
    assert [each.is_soon() for each in seen.values()] == [False, True]
    file.write_bytes(authority.issue("device", is_expired=True).file.read_bytes())
    assert [each.is_soon() for each in seen.values()] == [False, True]
    clock_s[0] = 3600.0
    assert [each.is_soon() for each in seen.values()] == [True, True]
    file.unlink()
    clock_s[0] = 7200.0
    assert [each.is_soon() for each in seen.values()] == [True, True]
    assert not CertificateEnds(TlsFiles()).is_soon()


def test_what_is_no_certificate(authority: Authority, tmp_path: Path) -> None:
    file = tmp_path / "device.pem"
    with pytest.raises(UsageError, match=r"device.pem: No such file"):
        ends_of(TlsFiles(file))
    file.write_bytes(authority.certificate.key.read_bytes())
    with pytest.raises(UsageError, match="no certificate in it"):
        ends_of(TlsFiles(file))
    der = ssl.PEM_cert_to_DER_cert(authority.file.read_text())
    chance = random.Random(1)  # noqa: S311 - repeatable
    for _ in range(500):
        spoilt = bytearray(der[: chance.randrange(len(der))] if chance.random() < 0.5 else der)
        for _ in range(chance.randrange(4) if spoilt else 0):
            spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
        body = base64.encodebytes(spoilt)
        file.write_bytes(b"-----BEGIN CERTIFICATE-----\n" + body + b"-----END CERTIFICATE-----\n")
        with contextlib.suppress(UsageError):
            ends_of(TlsFiles(file))
