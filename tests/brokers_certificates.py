"""A certificate authority for tests: as many certificates as wanted, good and bad."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.brokers import find_program


@dataclass(frozen=True)
class Certificate:
    file: Path
    key: Path


class Authority:
    """Keys of elliptic curves, which cost no time; everything in `folder`."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self._folder = folder
        self._name = name
        self.certificate = Certificate(folder / f"{name}.pem", folder / f"{name}.key")
        folder.mkdir(exist_ok=True)
        self._openssl(
            *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
            *("-keyout", str(self.certificate.key), "-out", str(self.certificate.file)),
            *("-days", "30", "-subj", f"/CN={name}"),
        )

    @property
    def file(self) -> Path:
        """What clients and brokers trust."""
        return self.certificate.file

    def issue(
        self, name: str, alternative: str = "IP:127.0.0.1", *, is_expired: bool = False
    ) -> Certificate:
        """alternative: for whom, such as `DNS:broker.lan`."""
        made = Certificate(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        request, settings = self._folder / f"{name}.csr", self._folder / f"{name}.cnf"
        self._openssl(
            *("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
            *("-keyout", str(made.key), "-out", str(request), "-subj", f"/CN={name}"),
        )
        (self._folder / "index").touch()
        settings.write_text(
            "[ca]\ndefault_ca = a\n[p]\ncommonName = supplied\n"
            f"[e]\nsubjectAltName = {alternative}\n"
            f"[a]\ndatabase = {self._folder}/index\nnew_certs_dir = {self._folder}\n"
            "rand_serial = yes\ndefault_md = sha256\npolicy = p\nunique_subject = no\n"
            "x509_extensions = e\n",
            encoding="utf-8",
        )
        end = "200101000000Z" if is_expired else "20991231235959Z"
        self._openssl(
            *("ca", "-batch", "-notext", "-config", str(settings), "-in", str(request)),
            *("-cert", str(self.certificate.file), "-keyfile", str(self.certificate.key)),
            *("-startdate", "190101000000Z", "-enddate", end, "-out", str(made.file)),
        )
        return made

    def encrypt(self, certificate: Certificate) -> Path:
        """The certificate's key under a passphrase."""
        locked = certificate.key.with_suffix(".locked")
        self._openssl(
            *("pkcs8", "-topk8", "-in", str(certificate.key), "-out", str(locked)),
            *("-passout", "pass:a passphrase"),
        )
        return locked

    @staticmethod
    def _openssl(*arguments: str) -> None:
        subprocess.run([find_program("openssl"), *arguments], check=True, capture_output=True)
