"""A broker's address → an open socket, with TLS where the address asks for it."""

from __future__ import annotations

import socket
import ssl

from edge_app.mqtt.address import BrokerAddress
from edge_app.mqtt.tls import describe_tls_error
from edge_app.tcp import connect


class TransportError(Exception):
    """Why there is no socket, and what to do."""


def open_transport(
    address: BrokerAddress, context: ssl.SSLContext | None, timeout_s: float
) -> socket.socket:
    """Connect; the caller closes it.

    timeout_s: for TCP, whatever number of addresses the name has, and again for the TLS handshake.
    A name server takes its own time.

    Raises:
        TransportError: the broker is not reached, or is not who the address says.
    """
    try:
        connection = connect(address.host, address.port, timeout_s)
    except (OSError, ValueError) as error:
        raise TransportError(_describe(error, address)) from error
    if context is None:
        return connection
    try:
        return context.wrap_socket(connection, server_hostname=address.host.partition("%")[0])
    except ssl.SSLError as error:
        raise TransportError(describe_tls_error(error, address.host)) from error
    except (OSError, ValueError) as error:
        raise TransportError(
            f"the TLS handshake broke off ({error}); check the port, and that the broker"
            " speaks TLS there"
        ) from error
    finally:
        connection.close()  # once wrapped, it is an empty shell


def _describe(error: OSError | ValueError, address: BrokerAddress) -> str:
    match error:
        # A name too long for the resolver is a UnicodeError, which is a ValueError.
        case socket.gaierror() | ValueError():
            return f"the name {address.host!r} is not known; check the address and the DNS"
        case ConnectionRefusedError():
            return "connection refused; check that the broker runs and that the port is right"
        case TimeoutError():
            return "no answer; check the address, the network and the firewall"
        case _:
            return f"{error.strerror or error}; check the address and the network"
