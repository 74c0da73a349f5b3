"""Certificate files → a TLS context that checks the broker, and its failures in words."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from edge_app.errors import UsageError

# From OpenSSL's x509_vfy.h; Python hands them on without names.
_NOT_YET_VALID = 9
_EXPIRED = 10
_HOSTNAME_MISMATCH = 62
_IP_ADDRESS_MISMATCH = 64

#: What the broker answers, a part of OpenSSL's name for it → what to do.
_ALERTS = {
    "UNKNOWN_CA": "the broker does not know the CA of our certificate; check certificate_file",
    "CERTIFICATE_REQUIRED": "the broker wants a client certificate; set certificate_file",
    "CERTIFICATE_EXPIRED": "the broker finds our certificate expired; renew certificate_file",
    "CERTIFICATE_REVOKED": "the broker finds our certificate revoked; replace certificate_file",
    "BAD_CERTIFICATE": "the broker refuses our certificate; check certificate_file",
    "HANDSHAKE_FAILURE": "the broker refuses the TLS handshake; it may want a client certificate",
    "WRONG_VERSION_NUMBER": "what listens there speaks no TLS; check the port, or write mqtt://",
    "PROTOCOL_VERSION": "no common version of TLS; the broker needs TLS 1.2 or newer",
    "UNSUPPORTED_PROTOCOL": "no common version of TLS; the broker needs TLS 1.2 or newer",
}


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files. ca: whom to trust instead of the system's authorities. The rest: who we are."""

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    def __bool__(self) -> bool:
        """Whether any file is named."""
        return any((self.ca, self.certificate, self.key))


class TlsSocket(ssl.SSLSocket):
    """Keeps the broker's last alert, which TLS 1.3 sends only after the handshake."""

    alert: ssl.SSLError | None = None

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        """As any socket's."""
        try:
            return super().recv(buflen, flags)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except ssl.SSLError as error:
            self.alert = error
            raise


def make_context(files: TlsFiles) -> ssl.SSLContext:
    """A context of TLS 1.2 or newer; names and certificates are always checked.

    The files are read now: call it for each connection, and a renewed certificate is taken.

    Raises:
        UsageError: a file cannot be read, is no PEM, or key and certificate are no pair.
    """
    if files.key is not None and files.certificate is None:
        raise UsageError(f"key file {files.key}: a key needs its certificate_file")
    try:
        context = ssl.create_default_context(cafile=_readable("CA file", files.ca))
    except ssl.SSLError as error:
        raise UsageError(f"CA file {files.ca}: no certificate in it") from error
    # Python 3.13 and later refuse a CA whose certificate does not say what its key is for, such as
    # `openssl req -x509` makes. Whoever is trusted on Debian 12 stays trusted on Debian 13.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.sslsocket_class = TlsSocket
    if files.certificate is not None:
        _load_certificate(context, files.certificate, files.key)
    return context


def describe_tls_error(error: ssl.SSLError, host: str) -> str:
    """What happened and what to do, in one line."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _describe_verification(error, host)
    reason = error.reason or ""
    for name, text in _ALERTS.items():
        if name in reason:
            return text
    if isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
        return "the TLS handshake broke off; check the port, and that the broker speaks TLS there"
    return f"TLS failed: {reason.lower().replace('_', ' ') or error}; the broker's log says more"


def _describe_verification(error: ssl.SSLCertVerificationError, host: str) -> str:
    match error.verify_code:
        case code if code in {_HOSTNAME_MISMATCH, _IP_ADDRESS_MISMATCH}:
            return (
                f"its certificate is for another name than {host!r};"
                " use the name that stands in the certificate"
            )
        case code if code == _EXPIRED:
            return "its certificate has expired; renew it, or check this device's clock"
        case code if code == _NOT_YET_VALID:
            return "its certificate is not valid yet; check this device's clock"
        case _:
            return (
                f"its certificate is not trusted ({error.verify_message});"
                " set ca_file to the CA that signed it"
            )


def _load_certificate(context: ssl.SSLContext, certificate: Path, key: Path | None) -> None:
    _readable("certificate file", certificate)
    _readable("key file", key)

    # Without this OpenSSL would ask on the terminal, and a daemon has none.
    def refuse() -> NoReturn:
        raise UsageError(
            f"key file {key or certificate}: it is encrypted; give one without a passphrase"
        )

    try:
        context.load_cert_chain(certificate, key, password=refuse)
    except ssl.SSLError as error:
        if "MISMATCH" in (error.reason or ""):
            raise UsageError(
                f"key file {key or certificate}: it does not fit the certificate {certificate}"
            ) from error
        raise UsageError(
            f"certificate file {certificate}, key file {key or certificate}: no certificate and"
            " key in PEM; the key may stand in a file of its own, key_file"
        ) from error


def _readable(what: str, file: Path | None) -> Path | None:
    """The file, once it is known that it can be read and holds PEM."""
    if file is None:
        return None
    try:
        content = file.read_bytes()
    except OSError as error:
        raise UsageError(f"{what} {file}: {error.strerror}") from error
    if b"-----BEGIN " not in content:
        raise UsageError(f"{what} {file}: it is no PEM file")
    return file
