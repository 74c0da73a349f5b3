"""A network that can be cut: a pair of virtual interfaces into a network namespace."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from edge_app.closing import Closing
from edge_app.mqtt.address import BrokerAddress
from tests.brokers import free_port

#: A network for documentation (RFC 5737), which nobody should have; some virtual machines do.
_NETWORK, _OUTSIDE, _INSIDE = "198.51.100.0/24", "198.51.100.1", "198.51.100.2"


def _ip(*words: str) -> bytes:
    return subprocess.run(["ip", *words], check=True, capture_output=True).stdout


class CutNetwork(Closing):
    """`inside` runs a command behind the cable, which `cut` takes away without a word.

    address: where a broker on this side has to listen.
    """

    def __init__(self) -> None:
        if os.geteuid() != 0 or shutil.which("ip") is None:
            pytest.skip("network namespaces need root, and ip of iproute2")
        if _ip("address", "show", "to", _NETWORK) + _ip("route", "show", "root", _NETWORK):
            pytest.skip(f"this machine is in {_NETWORK} itself")
        self._name = f"mien-{os.getpid()}"
        self._cable = f"mien{os.getpid() % 100_000_000}"
        peer = f"{self._cable}p"
        self.inside = ("ip", "netns", "exec", self._name)
        try:
            _ip("netns", "add", self._name)
        except subprocess.CalledProcessError as error:
            pytest.skip(f"no network namespaces here: {error.stderr.decode().strip()}")
        try:
            _ip("link", "add", self._cable, "type", "veth", "peer", "name", peer)
            _ip("link", "set", peer, "netns", self._name)
            _ip("addr", "add", f"{_OUTSIDE}/30", "dev", self._cable)
            _ip("link", "set", self._cable, "up")
            _ip("-n", self._name, "addr", "add", f"{_INSIDE}/30", "dev", peer)
            _ip("-n", self._name, "link", "set", peer, "up")
        except BaseException:
            self.close()
            raise
        self.address = BrokerAddress(_OUTSIDE, free_port())

    def cut(self) -> None:
        _ip("link", "set", self._cable, "down")

    def mend(self) -> None:
        _ip("link", "set", self._cable, "up")

    def close(self) -> None:
        # The cable goes with the namespace.
        subprocess.run(["ip", "netns", "del", self._name], check=False, capture_output=True)
