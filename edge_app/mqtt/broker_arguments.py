"""Words of a command line → which broker to come to, and as whom."""

from __future__ import annotations

import argparse
from pathlib import Path

from edge_app.mqtt.credentials import Credentials
from edge_app.mqtt.tls import TlsFiles


def add_broker_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what is taken: `broker`, an address, and what `credentials_from` reads."""
    parser.add_argument(
        "--broker",
        metavar="ADDRESS",
        default="localhost",
        help="HOST, HOST:PORT or mqtt://USER@HOST:PORT; mqtts:// for TLS, ws:// or wss:// for"
        " websockets (default: %(default)s)",
    )
    parser.add_argument(
        "--password-file",
        metavar="FILE",
        type=Path,
        help="file whose first line is the user's password",
    )
    parser.add_argument(
        "--ca-file",
        metavar="FILE",
        type=Path,
        help="PEM file of the CA that signed the broker's certificate",
    )
    parser.add_argument(
        "--certificate-file",
        metavar="FILE",
        type=Path,
        help="PEM file of this client's TLS certificate",
    )
    parser.add_argument(
        "--key-file", metavar="FILE", type=Path, help="PEM file of that certificate's key"
    )


def credentials_from(arguments: argparse.Namespace) -> Credentials:
    """The files that were named."""
    return Credentials(
        password_file=arguments.password_file,
        tls=TlsFiles(arguments.ca_file, arguments.certificate_file, arguments.key_file),
    )
